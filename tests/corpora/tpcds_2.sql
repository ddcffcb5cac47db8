-- corpus: tpcds
-- dialect: duckdb
-- role: analyst
-- source: tpcds
-- origin: the 99 questions that TPC-DS describes, each written anew and shorter over its schema; data by a seeded generator of our own
-- licence: Apache-2.0

-- 51 days on which the web ran ahead of the stores in total
WITH web AS (SELECT ws_item_sk AS item_sk, d_date, SUM(SUM(ws_sales_price)) OVER (PARTITION BY ws_item_sk ORDER BY d_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS cume FROM web_sales, date_dim WHERE ws_sold_date_sk = d_date_sk AND d_month_seq BETWEEN 1200 AND 1211 GROUP BY ws_item_sk, d_date),
shop AS (SELECT ss_item_sk AS item_sk, d_date, SUM(SUM(ss_sales_price)) OVER (PARTITION BY ss_item_sk ORDER BY d_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS cume FROM store_sales, date_dim WHERE ss_sold_date_sk = d_date_sk AND d_month_seq BETWEEN 1200 AND 1211 GROUP BY ss_item_sk, d_date)
SELECT * FROM (SELECT item_sk, d_date, web_sales, store_sales, MAX(web_sales) OVER (PARTITION BY item_sk ORDER BY d_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS web_so_far, MAX(store_sales) OVER (PARTITION BY item_sk ORDER BY d_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS store_so_far FROM (
  SELECT COALESCE(web.item_sk, shop.item_sk) AS item_sk, COALESCE(web.d_date, shop.d_date) AS d_date, web.cume AS web_sales, shop.cume AS store_sales FROM web FULL OUTER JOIN shop ON web.item_sk = shop.item_sk AND web.d_date = shop.d_date) x) y
WHERE web_so_far > store_so_far ORDER BY item_sk, d_date LIMIT 100;

-- 52 brands of a month by sales
SELECT dt.d_year, item.i_brand_id AS brand_id, item.i_brand AS brand, SUM(ss_ext_sales_price) AS ext_price FROM date_dim dt, store_sales, item WHERE dt.d_date_sk = store_sales.ss_sold_date_sk AND store_sales.ss_item_sk = item.i_item_sk AND item.i_manager_id < 15 AND dt.d_moy = 12 AND dt.d_year = 2000 GROUP BY dt.d_year, item.i_brand, item.i_brand_id ORDER BY dt.d_year, ext_price DESC, brand_id, brand;

-- 53 manufacturers whose quarters differ from their mean
SELECT * FROM (SELECT i_manufact_id, SUM(ss_sales_price) AS sales, AVG(SUM(ss_sales_price)) OVER (PARTITION BY i_manufact_id) AS usual FROM item, store_sales, date_dim, store WHERE ss_item_sk = i_item_sk AND ss_sold_date_sk = d_date_sk AND ss_store_sk = s_store_sk AND d_month_seq BETWEEN 1200 AND 1211 AND i_category IN ('Books', 'Children', 'Electronics') GROUP BY i_manufact_id, d_qoy) t
WHERE CASE WHEN usual > 0 THEN ABS(sales - usual) / usual END > 0.1 ORDER BY usual, sales, i_manufact_id LIMIT 100;

-- 54 how customers of a category spread over segments of spending
WITH them AS (SELECT DISTINCT c_customer_sk, c_current_addr_sk FROM (SELECT cs_sold_date_sk AS d, cs_bill_customer_sk AS who, cs_item_sk AS it FROM catalog_sales UNION ALL SELECT ws_sold_date_sk, ws_bill_customer_sk, ws_item_sk FROM web_sales) x, item, date_dim, customer WHERE d = d_date_sk AND it = i_item_sk AND i_category = 'Books' AND c_customer_sk = who AND d_moy = 12 AND d_year = 1998),
revenue AS (SELECT c_customer_sk, SUM(ss_ext_sales_price) AS revenue FROM them, store_sales, customer_address, store WHERE c_current_addr_sk = ca_address_sk AND ca_state = s_state AND c_customer_sk = ss_customer_sk GROUP BY c_customer_sk)
SELECT segment, COUNT(*) AS customers, segment * 50 AS base FROM (SELECT CAST(revenue / 50 AS INT) AS segment FROM revenue) s GROUP BY segment ORDER BY segment, customers;

-- 55 brands that one manager sold
SELECT i_brand_id AS brand_id, i_brand AS brand, SUM(ss_ext_sales_price) AS total FROM date_dim JOIN store_sales ON d_date_sk = ss_sold_date_sk JOIN item ON ss_item_sk = i_item_sk WHERE i_manager_id BETWEEN 20 AND 30 AND d_moy = 11 AND d_year = 1999 GROUP BY i_brand, i_brand_id ORDER BY total DESC, i_brand_id, i_brand;

-- 56 sales of items of some colours over three channels
WITH ids AS (SELECT DISTINCT i_item_id FROM item WHERE i_color IN ('slate', 'blanched', 'powder'))
SELECT i_item_id, SUM(total) AS total FROM (SELECT i_item_id, SUM(ss_ext_sales_price) AS total FROM store_sales JOIN item ON ss_item_sk = i_item_sk WHERE i_item_id IN (SELECT i_item_id FROM ids) GROUP BY i_item_id
  UNION ALL SELECT i_item_id, SUM(cs_ext_sales_price) FROM catalog_sales JOIN item ON cs_item_sk = i_item_sk WHERE i_item_id IN (SELECT i_item_id FROM ids) GROUP BY i_item_id UNION ALL SELECT i_item_id, SUM(ws_ext_sales_price) FROM web_sales JOIN item ON ws_item_sk = i_item_sk WHERE i_item_id IN (SELECT i_item_id FROM ids) GROUP BY i_item_id) t GROUP BY i_item_id ORDER BY total, i_item_id;

-- 57 months of call centres far from the mean
WITH v AS (SELECT i_category, i_brand, cc_name, d_year, d_moy, SUM(cs_sales_price) AS sales, AVG(SUM(cs_sales_price)) OVER (PARTITION BY i_category, i_brand, cc_name, d_year) AS mean, RANK() OVER (PARTITION BY i_category, i_brand, cc_name ORDER BY d_year, d_moy) AS rn FROM item JOIN catalog_sales ON cs_item_sk = i_item_sk JOIN date_dim ON cs_sold_date_sk = d_date_sk JOIN call_center ON cc_call_center_sk = cs_call_center_sk WHERE d_year IN (1999, 2000) GROUP BY i_category, i_brand, cc_name, d_year, d_moy)
SELECT v.*, l.sales AS before_it, n.sales AS after_it FROM v JOIN v l ON v.i_category = l.i_category AND v.i_brand = l.i_brand AND v.cc_name = l.cc_name AND v.rn = l.rn + 1 JOIN v n ON v.i_category = n.i_category AND v.i_brand = n.i_brand AND v.cc_name = n.cc_name AND v.rn = n.rn - 1 WHERE v.mean > 0 AND ABS(v.sales - v.mean) / v.mean > 0.1 ORDER BY v.sales - v.mean, 1, 2, 3, 4, 5 LIMIT 100;

-- 58 items that sell alike in all channels
WITH ss AS (SELECT i_item_id AS id, SUM(ss_ext_sales_price) AS rev FROM store_sales, item, date_dim WHERE ss_item_sk = i_item_sk AND d_date IN (SELECT d_date FROM date_dim WHERE d_year = 2000) AND ss_sold_date_sk = d_date_sk GROUP BY i_item_id), cs AS (SELECT i_item_id AS id, SUM(cs_ext_sales_price) AS rev FROM catalog_sales, item, date_dim WHERE cs_item_sk = i_item_sk AND d_date IN (SELECT d_date FROM date_dim WHERE d_year = 2000) AND cs_sold_date_sk = d_date_sk GROUP BY i_item_id)
SELECT ss.id, ss.rev AS store_rev, cs.rev AS catalog_rev, (ss.rev + cs.rev) / 2 AS mean FROM ss, cs WHERE ss.id = cs.id AND ss.rev BETWEEN 0.4 * cs.rev AND 2.5 * cs.rev ORDER BY ss.id, ss.rev;

-- 59 weekly sales of a store beside those a year before
WITH wss AS (SELECT d_week_seq, ss_store_sk, SUM(CASE WHEN d_day_name = 'Sunday' THEN ss_sales_price END) AS sun, SUM(CASE WHEN d_day_name = 'Thursday' THEN ss_sales_price END) AS thu FROM store_sales, date_dim WHERE d_date_sk = ss_sold_date_sk GROUP BY d_week_seq, ss_store_sk)
SELECT s.s_store_name, a.d_week_seq, a.sun / b.sun AS sundays, a.thu / b.thu AS thursdays FROM wss a JOIN wss b ON b.ss_store_sk = a.ss_store_sk AND b.d_week_seq = a.d_week_seq + 52 JOIN store s ON s.s_store_sk = a.ss_store_sk WHERE a.d_week_seq BETWEEN 5150 AND 5170 ORDER BY 1, 2;

-- 60 sales of a category over three channels
SELECT id, SUM(total) AS total FROM (SELECT i_item_id AS id, ss_ext_sales_price AS total FROM store_sales, item, date_dim WHERE ss_item_sk = i_item_sk AND i_category = 'Music' AND ss_sold_date_sk = d_date_sk AND d_year = 1998 UNION ALL SELECT i_item_id, cs_ext_sales_price FROM catalog_sales, item, date_dim WHERE cs_item_sk = i_item_sk AND i_category = 'Music' AND cs_sold_date_sk = d_date_sk AND d_year = 1998 UNION ALL SELECT i_item_id, ws_ext_sales_price FROM web_sales, item, date_dim WHERE ws_item_sk = i_item_sk AND i_category = 'Music' AND ws_sold_date_sk = d_date_sk AND d_year = 1998) t GROUP BY id ORDER BY id, total;

-- 61 share of promoted sales
SELECT promotions, total, CAST(promotions AS DECIMAL(15, 4)) / CAST(total AS DECIMAL(15, 4)) * 100 AS pct FROM (SELECT SUM(ss_ext_sales_price) AS promotions FROM store_sales, store, promotion, item WHERE ss_store_sk = s_store_sk AND ss_promo_sk = p_promo_sk AND ss_item_sk = i_item_sk AND i_category = 'Books' AND (p_channel_dmail = 'Y' OR p_channel_email = 'Y' OR p_channel_tv = 'Y')) p, (SELECT SUM(ss_ext_sales_price) AS total FROM store_sales, store, item WHERE ss_store_sk = s_store_sk AND ss_item_sk = i_item_sk AND i_category = 'Books') a;

-- 62 days until web orders ship
SELECT SUBSTR(w_warehouse_name, 1, 20) AS warehouse, sm_type, web_name, SUM(CASE WHEN ws_ship_date_sk - ws_sold_date_sk <= 30 THEN 1 ELSE 0 END) AS d30, SUM(CASE WHEN ws_ship_date_sk - ws_sold_date_sk > 30 AND ws_ship_date_sk - ws_sold_date_sk <= 90 THEN 1 ELSE 0 END) AS d90, SUM(CASE WHEN ws_ship_date_sk - ws_sold_date_sk > 90 THEN 1 ELSE 0 END) AS later FROM web_sales, warehouse, ship_mode, web_site, date_dim WHERE ws_ship_date_sk = d_date_sk AND ws_warehouse_sk = w_warehouse_sk AND ws_ship_mode_sk = sm_ship_mode_sk AND ws_web_site_sk = web_site_sk GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT 100;

-- 63 managers whose months differ from their mean
SELECT * FROM (SELECT i_manager_id, SUM(ss_sales_price) AS sales, AVG(SUM(ss_sales_price)) OVER (PARTITION BY i_manager_id) AS usual FROM item JOIN store_sales ON ss_item_sk = i_item_sk JOIN date_dim ON ss_sold_date_sk = d_date_sk WHERE d_month_seq IN (1200, 1201, 1202, 1203, 1204, 1205) GROUP BY i_manager_id, d_moy) t WHERE CASE WHEN usual > 0 THEN ABS(sales - usual) / usual ELSE NULL END > 0.1 ORDER BY i_manager_id, usual, sales LIMIT 100;

-- 64 items sold, returned and bought again by other households in two years
WITH refunds AS (SELECT cs_item_sk, SUM(cs_ext_list_price) AS sale, SUM(cr_refunded_cash) AS refund FROM catalog_sales JOIN catalog_returns ON cs_item_sk = cr_item_sk AND cs_order_number = cr_order_number GROUP BY cs_item_sk HAVING SUM(cs_ext_list_price) > 0.5 * SUM(cr_refunded_cash)),
pairs AS (SELECT i_product_name, i_item_sk, s_store_name, d_year, COUNT(*) AS cnt, SUM(ss_wholesale_cost) AS s1, SUM(ss_list_price) AS s2 FROM store_sales JOIN item ON ss_item_sk = i_item_sk JOIN refunds ON ss_item_sk = cs_item_sk JOIN store ON ss_store_sk = s_store_sk JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN customer ON ss_customer_sk = c_customer_sk JOIN customer_demographics cd1 ON ss_cdemo_sk = cd1.cd_demo_sk JOIN customer_demographics cd2 ON c_current_cdemo_sk = cd2.cd_demo_sk WHERE cd1.cd_marital_status <> cd2.cd_marital_status GROUP BY 1, 2, 3, 4)
SELECT a.i_product_name, a.s_store_name, a.cnt, a.s1, a.s2, b.cnt AS cnt2, b.s1 AS s12 FROM pairs a JOIN pairs b ON a.i_item_sk = b.i_item_sk AND a.s_store_name = b.s_store_name WHERE a.d_year = 1999 AND b.d_year = 2000 AND b.cnt <= a.cnt ORDER BY 1, 2, 3, 4, 5, 6, 7;

-- 65 items that bring little in their store
SELECT s_store_name, i_item_desc, sc.revenue, i_current_price, i_brand FROM store, item, (SELECT ss_store_sk, AVG(revenue) AS ave FROM (SELECT ss_store_sk, ss_item_sk, SUM(ss_sales_price) AS revenue FROM store_sales, date_dim WHERE ss_sold_date_sk = d_date_sk AND d_month_seq BETWEEN 1176 AND 1200 GROUP BY ss_store_sk, ss_item_sk) sa GROUP BY ss_store_sk) sb, (SELECT ss_store_sk, ss_item_sk, SUM(ss_sales_price) AS revenue FROM store_sales, date_dim WHERE ss_sold_date_sk = d_date_sk AND d_month_seq BETWEEN 1176 AND 1200 GROUP BY ss_store_sk, ss_item_sk) sc
WHERE sb.ss_store_sk = sc.ss_store_sk AND sc.revenue <= 0.2 * sb.ave AND s_store_sk = sc.ss_store_sk AND i_item_sk = sc.ss_item_sk ORDER BY 1, 2, 3, 4, 5;

-- 66 what warehouses shipped each month, by carrier
SELECT w_warehouse_name, w_warehouse_sq_ft, d_year, SUM(CASE WHEN d_moy = 1 THEN sales ELSE 0 END) AS jan, SUM(CASE WHEN d_moy = 6 THEN sales ELSE 0 END) AS jun, SUM(CASE WHEN d_moy = 12 THEN sales ELSE 0 END) AS dece, SUM(CASE WHEN d_moy = 12 THEN sales / w_warehouse_sq_ft ELSE 0 END) AS dece_sqft FROM (
  SELECT ws_warehouse_sk AS wh, ws_sold_date_sk AS d, ws_ext_sales_price * ws_quantity AS sales FROM web_sales JOIN ship_mode ON ws_ship_mode_sk = sm_ship_mode_sk WHERE sm_carrier IN ('DHL', 'BARIAN') UNION ALL SELECT cs_warehouse_sk, cs_sold_date_sk, cs_sales_price * cs_quantity FROM catalog_sales JOIN ship_mode ON cs_ship_mode_sk = sm_ship_mode_sk WHERE sm_carrier IN ('DHL', 'BARIAN')) x JOIN warehouse ON wh = w_warehouse_sk JOIN date_dim ON d = d_date_sk WHERE d_year = 2001 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- 67 best sellers by every level of a category
SELECT * FROM (SELECT i_category, i_class, i_brand, d_year, d_qoy, SUM(COALESCE(ss_sales_price * ss_quantity, 0)) AS sumsales, RANK() OVER (PARTITION BY i_category ORDER BY SUM(COALESCE(ss_sales_price * ss_quantity, 0)) DESC) AS rk FROM store_sales, date_dim, item WHERE ss_sold_date_sk = d_date_sk AND ss_item_sk = i_item_sk AND d_month_seq BETWEEN 1200 AND 1211 GROUP BY ROLLUP (i_category, i_class, i_brand, d_year, d_qoy)) dw WHERE rk <= 8 ORDER BY i_category, rk, i_class, i_brand, d_year, d_qoy, sumsales LIMIT 100;

-- 68 purchases away from home with their taxes
SELECT c_last_name, c_first_name, ca_city, bought_city, ss_ticket_number, extended_price, extended_tax FROM (SELECT ss_ticket_number, ss_customer_sk, ca_city AS bought_city, SUM(ss_ext_sales_price) AS extended_price, SUM(ss_ext_tax) AS extended_tax FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk JOIN store ON ss_store_sk = s_store_sk JOIN household_demographics ON ss_hdemo_sk = hd_demo_sk JOIN customer_address ON ss_addr_sk = ca_address_sk WHERE d_dom BETWEEN 1 AND 12 AND (hd_dep_count = 4 OR hd_vehicle_count = 3) AND d_year IN (1999, 2000, 2001) GROUP BY ss_ticket_number, ss_customer_sk, ss_addr_sk, ca_city) dn JOIN customer ON ss_customer_sk = c_customer_sk JOIN customer_address home ON c_current_addr_sk = home.ca_address_sk WHERE home.ca_city <> bought_city ORDER BY 1, 5, 2, 3, 4, 6;

-- 69 demographics of people who buy in stores only
SELECT cd_gender, cd_marital_status, cd_education_status, COUNT(*) AS n, cd_purchase_estimate, cd_credit_rating FROM customer c, customer_address ca, customer_demographics WHERE c.c_current_addr_sk = ca.ca_address_sk AND ca_state IN ('TX', 'GA', 'OH', 'TN') AND cd_demo_sk = c.c_current_cdemo_sk AND EXISTS (SELECT * FROM store_sales, date_dim WHERE c.c_customer_sk = ss_customer_sk AND ss_sold_date_sk = d_date_sk AND d_year = 2001)
  AND NOT EXISTS (SELECT * FROM web_sales, date_dim WHERE c.c_customer_sk = ws_bill_customer_sk AND ws_sold_date_sk = d_date_sk AND d_year = 2001 AND d_moy BETWEEN 4 AND 6) AND NOT EXISTS (SELECT * FROM catalog_sales, date_dim WHERE c.c_customer_sk = cs_ship_customer_sk AND cs_sold_date_sk = d_date_sk AND d_year = 2001 AND d_moy BETWEEN 4 AND 6) GROUP BY cd_gender, cd_marital_status, cd_education_status, cd_purchase_estimate, cd_credit_rating ORDER BY 1, 2, 3, 5, 6;

-- 70 profit by state and county, for the best states
SELECT SUM(ss_net_profit) AS total, s_state, s_county, GROUPING(s_state) + GROUPING(s_county) AS level, RANK() OVER (PARTITION BY GROUPING(s_state) + GROUPING(s_county), CASE WHEN GROUPING(s_county) = 0 THEN s_state END ORDER BY SUM(ss_net_profit) DESC) AS place FROM store_sales, date_dim d1, store WHERE d1.d_month_seq BETWEEN 1200 AND 1211 AND d1.d_date_sk = ss_sold_date_sk AND s_store_sk = ss_store_sk
  AND s_state IN (SELECT s_state FROM (SELECT s_state, RANK() OVER (ORDER BY SUM(ss_net_profit) DESC) AS ranking FROM store_sales, store, date_dim WHERE d_month_seq BETWEEN 1200 AND 1211 AND d_date_sk = ss_sold_date_sk AND s_store_sk = ss_store_sk GROUP BY s_state) t WHERE ranking <= 5) GROUP BY ROLLUP (s_state, s_county) ORDER BY level DESC, s_state, place;

-- 71 brands sold at breakfast and dinner
SELECT i_brand_id, i_brand, t_hour, t_minute, SUM(price) AS total FROM item, (SELECT ws_ext_sales_price AS price, ws_item_sk AS sk, ws_sold_time_sk AS t FROM web_sales, date_dim WHERE d_date_sk = ws_sold_date_sk AND d_moy = 11 UNION ALL SELECT cs_ext_sales_price, cs_item_sk, cs_sold_time_sk FROM catalog_sales, date_dim WHERE d_date_sk = cs_sold_date_sk AND d_moy = 11 UNION ALL SELECT ss_ext_sales_price, ss_item_sk, ss_sold_time_sk FROM store_sales, date_dim WHERE d_date_sk = ss_sold_date_sk AND d_moy = 11) x, time_dim WHERE sk = i_item_sk AND i_manager_id < 8 AND t = t_time_sk AND t_meal_time IN ('breakfast', 'dinner') GROUP BY i_brand, i_brand_id, t_hour, t_minute ORDER BY total DESC, i_brand_id, 2, 3, 4;

-- 72 catalog orders of things that were out of stock
SELECT i_item_desc, w_warehouse_name, d1.d_week_seq, SUM(CASE WHEN p_promo_sk IS NULL THEN 1 ELSE 0 END) AS no_promo, SUM(CASE WHEN p_promo_sk IS NOT NULL THEN 1 ELSE 0 END) AS promo, COUNT(*) AS total FROM catalog_sales JOIN inventory ON cs_item_sk = inv_item_sk JOIN warehouse ON w_warehouse_sk = inv_warehouse_sk JOIN item ON i_item_sk = cs_item_sk JOIN customer_demographics ON cs_bill_cdemo_sk = cd_demo_sk JOIN household_demographics ON cs_bill_hdemo_sk = hd_demo_sk JOIN date_dim d1 ON cs_sold_date_sk = d1.d_date_sk JOIN date_dim d2 ON inv_date_sk = d2.d_date_sk LEFT OUTER JOIN promotion ON cs_promo_sk = p_promo_sk LEFT OUTER JOIN catalog_returns ON cr_item_sk = cs_item_sk AND cr_order_number = cs_order_number
WHERE d1.d_week_seq = d2.d_week_seq AND inv_quantity_on_hand < cs_quantity AND d1.d_year = 1999 GROUP BY i_item_desc, w_warehouse_name, d1.d_week_seq ORDER BY total DESC, 1, 2, 3 LIMIT 100;

-- 73 baskets of some sizes
SELECT c_last_name, c_first_name, c_salutation, c_preferred_cust_flag, ss_ticket_number, cnt FROM (SELECT ss_ticket_number, ss_customer_sk, COUNT(*) AS cnt FROM store_sales, date_dim, household_demographics WHERE ss_sold_date_sk = d_date_sk AND ss_hdemo_sk = hd_demo_sk AND d_dom BETWEEN 1 AND 2 AND hd_buy_potential IN ('>10000', 'Unknown') AND hd_vehicle_count > 0 GROUP BY ss_ticket_number, ss_customer_sk) dj JOIN customer ON ss_customer_sk = c_customer_sk WHERE cnt BETWEEN 1 AND 5 ORDER BY cnt DESC, c_last_name, c_first_name, ss_ticket_number, 3, 4;

-- 74 customers whose web payments grew faster than in stores
WITH yearly AS (SELECT c_customer_id AS id, d_year AS y, STDDEV_SAMP(ss_net_paid) AS total, 's' AS kind FROM customer, store_sales, date_dim WHERE c_customer_sk = ss_customer_sk AND ss_sold_date_sk = d_date_sk AND d_year IN (1999, 2000) GROUP BY c_customer_id, d_year UNION ALL SELECT c_customer_id, d_year, STDDEV_SAMP(ws_net_paid), 'w' FROM customer, web_sales, date_dim WHERE c_customer_sk = ws_bill_customer_sk AND ws_sold_date_sk = d_date_sk AND d_year IN (1999, 2000) GROUP BY c_customer_id, d_year)
SELECT b.id FROM yearly a, yearly b, yearly c, yearly d WHERE b.id = a.id AND a.id = c.id AND a.id = d.id AND a.kind = 's' AND b.kind = 's' AND c.kind = 'w' AND d.kind = 'w' AND a.y = 1999 AND b.y = 2000 AND c.y = 1999 AND d.y = 2000 AND a.total > 0 AND c.total > 0 AND CASE WHEN c.total > 0 THEN d.total / c.total END > CASE WHEN a.total > 0 THEN b.total / a.total END ORDER BY 1;

-- 75 items that sell less than the year before
WITH detail AS (SELECT d_year, i_brand_id, i_class_id, cs_quantity - COALESCE(cr_return_quantity, 0) AS cnt, cs_ext_sales_price - COALESCE(cr_return_amount, 0.0) AS amt FROM catalog_sales JOIN item ON i_item_sk = cs_item_sk JOIN date_dim ON d_date_sk = cs_sold_date_sk LEFT JOIN catalog_returns ON cs_order_number = cr_order_number AND cs_item_sk = cr_item_sk WHERE i_category = 'Books' UNION SELECT d_year, i_brand_id, i_class_id, ss_quantity - COALESCE(sr_return_quantity, 0), ss_ext_sales_price - COALESCE(sr_return_amt, 0.0) FROM store_sales JOIN item ON i_item_sk = ss_item_sk JOIN date_dim ON d_date_sk = ss_sold_date_sk LEFT JOIN store_returns ON ss_ticket_number = sr_ticket_number AND ss_item_sk = sr_item_sk WHERE i_category = 'Books'),
summed AS (SELECT d_year, i_brand_id, i_class_id, SUM(cnt) AS cnt, SUM(amt) AS amt FROM detail GROUP BY 1, 2, 3)
SELECT p.d_year AS prev_year, c.d_year AS this_year, c.i_brand_id, c.i_class_id, p.cnt AS prev_cnt, c.cnt, c.cnt - p.cnt AS diff, c.amt - p.amt AS amt_diff FROM summed c, summed p WHERE c.i_brand_id = p.i_brand_id AND c.i_class_id = p.i_class_id AND c.d_year = 2002 AND p.d_year = 2001 AND CAST(c.cnt AS DECIMAL(17, 2)) / CAST(p.cnt AS DECIMAL(17, 2)) < 0.9 ORDER BY diff, amt_diff, 3, 4;

-- 76 sales whose customer or shop is not known, by channel
SELECT channel, missing, d_year, d_qoy, i_category, COUNT(*) AS n, SUM(price) AS amount FROM (SELECT 'store' AS channel, 'ss_store_sk' AS missing, d_year, d_qoy, i_category, ss_ext_sales_price AS price FROM store_sales, item, date_dim WHERE ss_store_sk IS NULL AND ss_sold_date_sk = d_date_sk AND ss_item_sk = i_item_sk UNION ALL SELECT 'web', 'ws_ship_customer_sk', d_year, d_qoy, i_category, ws_ext_sales_price FROM web_sales, item, date_dim WHERE ws_ship_customer_sk IS NULL AND ws_sold_date_sk = d_date_sk AND ws_item_sk = i_item_sk) foo GROUP BY channel, missing, d_year, d_qoy, i_category ORDER BY 1, 2, 3, 4, 5 LIMIT 100;

-- 77 sales and returns of each channel in a month
WITH ss AS (SELECT s_store_sk, SUM(ss_ext_sales_price) AS sales, SUM(ss_net_profit) AS profit FROM store_sales, date_dim, store WHERE ss_sold_date_sk = d_date_sk AND d_year = 2000 AND ss_store_sk = s_store_sk GROUP BY s_store_sk), sr AS (SELECT s_store_sk, SUM(sr_return_amt) AS returns_amt, SUM(sr_net_loss) AS loss FROM store_returns, date_dim, store WHERE sr_returned_date_sk = d_date_sk AND d_year = 2000 AND sr_store_sk = s_store_sk GROUP BY s_store_sk),
ws AS (SELECT wp_web_page_sk, SUM(ws_ext_sales_price) AS sales, SUM(ws_net_profit) AS profit FROM web_sales, date_dim, web_page WHERE ws_sold_date_sk = d_date_sk AND d_year = 2000 AND ws_web_page_sk = wp_web_page_sk GROUP BY wp_web_page_sk), wr AS (SELECT wp_web_page_sk, SUM(wr_return_amt) AS returns_amt, SUM(wr_net_loss) AS loss FROM web_returns, web_page WHERE wr_web_page_sk = wp_web_page_sk GROUP BY wp_web_page_sk)
SELECT channel, id, SUM(sales) AS sales, SUM(returns_amt) AS returns_amt, SUM(profit) AS profit FROM (SELECT 'store' AS channel, ss.s_store_sk AS id, sales, COALESCE(returns_amt, 0) AS returns_amt, profit - COALESCE(loss, 0) AS profit FROM ss LEFT JOIN sr ON ss.s_store_sk = sr.s_store_sk UNION ALL SELECT 'web', ws.wp_web_page_sk, sales, COALESCE(returns_amt, 0), profit - COALESCE(loss, 0) FROM ws LEFT JOIN wr ON ws.wp_web_page_sk = wr.wp_web_page_sk) x GROUP BY ROLLUP (channel, id) ORDER BY channel, id;

-- 78 customers who bought more in stores than elsewhere, without returns
WITH ws AS (SELECT d_year AS y, ws_item_sk AS i, ws_bill_customer_sk AS c, SUM(ws_quantity) AS q FROM web_sales LEFT JOIN web_returns ON wr_order_number = ws_order_number AND ws_item_sk = wr_item_sk JOIN date_dim ON ws_sold_date_sk = d_date_sk WHERE wr_order_number IS NULL GROUP BY 1, 2, 3), ss AS (SELECT d_year AS y, ss_item_sk AS i, ss_customer_sk AS c, SUM(ss_quantity) AS q, SUM(ss_sales_price) AS sp FROM store_sales LEFT JOIN store_returns ON sr_ticket_number = ss_ticket_number AND ss_item_sk = sr_item_sk JOIN date_dim ON ss_sold_date_sk = d_date_sk WHERE sr_ticket_number IS NULL GROUP BY 1, 2, 3)
SELECT ss.c, ROUND(ss.q / COALESCE(ws.q, 1), 2) AS ratio, ss.q, ss.sp, COALESCE(ws.q, 0) AS elsewhere FROM ss LEFT JOIN ws ON ws.y = ss.y AND ws.i = ss.i AND ws.c = ss.c WHERE COALESCE(ws.q, 0) > 0 AND ss.y = 2000 ORDER BY 1, 3 DESC, 4 DESC, 5;

-- 79 purchases in large shops on one day of the week
SELECT c_last_name, c_first_name, SUBSTR(s_city, 1, 30) AS city, ss_ticket_number, amt, profit FROM (SELECT ss_ticket_number, ss_customer_sk, s_city, SUM(ss_coupon_amt) AS amt, SUM(ss_net_profit) AS profit FROM store_sales, date_dim, store, household_demographics WHERE ss_sold_date_sk = d_date_sk AND ss_store_sk = s_store_sk AND ss_hdemo_sk = hd_demo_sk AND (hd_dep_count = 6 OR hd_vehicle_count > 2) AND d_dow = 1 AND s_number_employees BETWEEN 200 AND 295 GROUP BY ss_ticket_number, ss_customer_sk, ss_addr_sk, s_city) ms, customer WHERE ss_customer_sk = c_customer_sk ORDER BY 1, 2, 3, 6, 4, 5;

-- 80 sales, returns and profit by place, promoted on no television
WITH ssr AS (SELECT s_store_id AS id, SUM(ss_ext_sales_price) AS sales, SUM(COALESCE(sr_return_amt, 0)) AS back, SUM(ss_net_profit - COALESCE(sr_net_loss, 0)) AS profit FROM store_sales LEFT OUTER JOIN store_returns ON ss_item_sk = sr_item_sk AND ss_ticket_number = sr_ticket_number, date_dim, store, item, promotion WHERE ss_sold_date_sk = d_date_sk AND d_date BETWEEN DATE '2000-08-23' AND DATE '2000-12-23' AND ss_store_sk = s_store_sk AND ss_item_sk = i_item_sk AND i_current_price > 50 AND ss_promo_sk = p_promo_sk AND p_channel_tv = 'N' GROUP BY s_store_id),
wsr AS (SELECT web_site_id AS id, SUM(ws_ext_sales_price) AS sales, SUM(COALESCE(wr_return_amt, 0)) AS back, SUM(ws_net_profit - COALESCE(wr_net_loss, 0)) AS profit FROM web_sales LEFT OUTER JOIN web_returns ON ws_item_sk = wr_item_sk AND ws_order_number = wr_order_number, date_dim, web_site WHERE ws_sold_date_sk = d_date_sk AND d_date BETWEEN DATE '2000-08-23' AND DATE '2000-12-23' AND ws_web_site_sk = web_site_sk GROUP BY web_site_id)
SELECT channel, id, SUM(sales) AS sales, SUM(back) AS back, SUM(profit) AS profit FROM (SELECT 'store' AS channel, 'store' || id AS id, sales, back, profit FROM ssr UNION ALL SELECT 'web', 'site' || id, sales, back, profit FROM wsr) x GROUP BY ROLLUP (channel, id) ORDER BY channel, id;

-- 81 customers who return more than is usual in their state from the catalog
WITH back AS (SELECT cr_returning_customer_sk AS who, ca_state AS state, SUM(cr_return_amount) AS total FROM catalog_returns JOIN date_dim ON cr_returned_date_sk = d_date_sk JOIN customer_address ON cr_returning_addr_sk = ca_address_sk WHERE d_year = 2000 GROUP BY 1, 2) SELECT c_customer_id, c_salutation, c_first_name, c_last_name, ca_street_name, ca_city, ca_zip, total FROM back b JOIN customer ON c_customer_sk = b.who JOIN customer_address ON ca_address_sk = c_current_addr_sk WHERE b.total > (SELECT AVG(total) * 1.2 FROM back o WHERE o.state = b.state) ORDER BY 1, 8;

-- 82 items in stock and sold in stores
SELECT i_item_id, i_item_desc, i_current_price FROM item JOIN inventory ON inv_item_sk = i_item_sk JOIN date_dim ON d_date_sk = inv_date_sk JOIN store_sales ON ss_item_sk = i_item_sk WHERE i_current_price BETWEEN 30 AND 80 AND d_date BETWEEN DATE '2002-05-30' AND DATE '2002-09-30' AND inv_quantity_on_hand BETWEEN 100 AND 500 GROUP BY i_item_id, i_item_desc, i_current_price ORDER BY i_item_id, 2, 3;

-- 83 returns of an item over three channels
WITH sr AS (SELECT i_item_id AS id, SUM(sr_return_quantity) AS q FROM store_returns, item WHERE sr_item_sk = i_item_sk GROUP BY i_item_id), cr AS (SELECT i_item_id AS id, SUM(cr_return_quantity) AS q FROM catalog_returns, item WHERE cr_item_sk = i_item_sk GROUP BY i_item_id), wr AS (SELECT i_item_id AS id, SUM(wr_return_quantity) AS q FROM web_returns, item WHERE wr_item_sk = i_item_sk GROUP BY i_item_id)
SELECT sr.id, sr.q, sr.q / (sr.q + cr.q + wr.q) / 3.0 * 100 AS sr_dev, cr.q, cr.q / (sr.q + cr.q + wr.q) / 3.0 * 100 AS cr_dev, wr.q, (sr.q + cr.q + wr.q) / 3.0 AS mean FROM sr, cr, wr WHERE sr.id = cr.id AND sr.id = wr.id ORDER BY sr.id, sr.q;

-- 84 customers of a city within an income band
SELECT c_customer_id AS id, COALESCE(c_last_name, '') || ', ' || COALESCE(c_first_name, '') AS name FROM customer, customer_address, customer_demographics, household_demographics, income_band, store_returns WHERE ca_city = 'Fairview' AND c_current_addr_sk = ca_address_sk AND ib_lower_bound >= 38128 AND ib_upper_bound <= 188128 AND ib_income_band_sk = hd_income_band_sk AND cd_demo_sk = c_current_cdemo_sk AND hd_demo_sk = c_current_hdemo_sk AND sr_cdemo_sk = cd_demo_sk ORDER BY c_customer_id, 2;

-- 85 reasons for web returns under alternative conditions
SELECT SUBSTR(r_reason_desc, 1, 20) AS reason, AVG(ws_quantity) AS q, AVG(wr_refunded_cash) AS cash, AVG(wr_fee) AS fee FROM web_sales, web_returns, web_page, customer_demographics cd1, customer_demographics cd2, customer_address, date_dim, reason WHERE ws_web_page_sk = wp_web_page_sk AND ws_item_sk = wr_item_sk AND ws_sold_date_sk = d_date_sk AND cd1.cd_demo_sk = wr_refunded_cdemo_sk AND cd2.cd_demo_sk = wr_returning_cdemo_sk AND ca_address_sk = wr_refunded_addr_sk AND r_reason_sk = wr_reason_sk AND (cd1.cd_marital_status = cd2.cd_marital_status OR cd1.cd_education_status = cd2.cd_education_status) AND (ca_state IN ('TX', 'OH') OR ws_net_profit BETWEEN 50 AND 2500) GROUP BY r_reason_desc ORDER BY 1, 2, 3, 4;

-- 86 web revenue by category and class, ranked
SELECT SUM(ws_net_paid) AS total, i_category, i_class, GROUPING(i_category) + GROUPING(i_class) AS level, RANK() OVER (PARTITION BY GROUPING(i_category) + GROUPING(i_class), CASE WHEN GROUPING(i_class) = 0 THEN i_category END ORDER BY SUM(ws_net_paid) DESC) AS place FROM web_sales, date_dim d1, item WHERE d1.d_month_seq BETWEEN 1200 AND 1211 AND d1.d_date_sk = ws_sold_date_sk AND i_item_sk = ws_item_sk GROUP BY ROLLUP (i_category, i_class) ORDER BY level DESC, CASE WHEN level = 0 THEN i_category END, place;

-- 87 customers of stores who used no other channel that month
SELECT COUNT(*) FROM ((SELECT DISTINCT c_last_name, c_first_name, d_date FROM store_sales, date_dim, customer WHERE ss_sold_date_sk = d_date_sk AND ss_customer_sk = c_customer_sk AND d_month_seq BETWEEN 1200 AND 1211) EXCEPT (SELECT DISTINCT c_last_name, c_first_name, d_date FROM catalog_sales, date_dim, customer WHERE cs_sold_date_sk = d_date_sk AND cs_bill_customer_sk = c_customer_sk) EXCEPT (SELECT DISTINCT c_last_name, c_first_name, d_date FROM web_sales, date_dim, customer WHERE ws_sold_date_sk = d_date_sk AND ws_bill_customer_sk = c_customer_sk)) cool;

-- 88 sales by half hour of the morning
SELECT * FROM (SELECT COUNT(*) AS h8 FROM store_sales, household_demographics, time_dim, store WHERE ss_sold_time_sk = t_time_sk AND ss_hdemo_sk = hd_demo_sk AND ss_store_sk = s_store_sk AND t_hour = 8 AND t_minute >= 30 AND (hd_dep_count = 3 OR hd_vehicle_count <= 2)) s1, (SELECT COUNT(*) AS h9 FROM store_sales, household_demographics, time_dim, store WHERE ss_sold_time_sk = t_time_sk AND ss_hdemo_sk = hd_demo_sk AND ss_store_sk = s_store_sk AND t_hour = 9 AND t_minute < 30 AND hd_dep_count < 5) s2, (SELECT COUNT(*) AS h10 FROM store_sales JOIN time_dim ON ss_sold_time_sk = t_time_sk WHERE t_hour = 10) s3;

-- 89 classes with unusual months
SELECT * FROM (SELECT i_category, i_class, i_brand, s_store_name, s_company_name, d_moy, SUM(ss_sales_price) AS sales, AVG(SUM(ss_sales_price)) OVER (PARTITION BY i_category, i_brand, s_store_name, s_company_name) AS usual FROM item, store_sales, date_dim, store WHERE ss_item_sk = i_item_sk AND ss_sold_date_sk = d_date_sk AND ss_store_sk = s_store_sk AND d_year = 1999 AND (i_category IN ('Books', 'Electronics') OR i_class IN ('pants', 'fiction')) GROUP BY i_category, i_class, i_brand, s_store_name, s_company_name, d_moy) t WHERE CASE WHEN usual <> 0 THEN ABS(sales - usual) / usual END > 0.1 ORDER BY sales - usual, s_store_name, 1, 2, 3, 6 LIMIT 100;

-- 90 web sales in the morning against the evening
SELECT CAST(amc AS DECIMAL(15, 4)) / CAST(pmc AS DECIMAL(15, 4)) AS ratio FROM (SELECT COUNT(*) AS amc FROM web_sales, household_demographics, time_dim, web_page WHERE ws_sold_time_sk = t_time_sk AND ws_ship_hdemo_sk = hd_demo_sk AND ws_web_page_sk = wp_web_page_sk AND t_hour BETWEEN 8 AND 12 AND wp_char_count > 3000) am, (SELECT COUNT(*) AS pmc FROM web_sales, household_demographics, time_dim, web_page WHERE ws_sold_time_sk = t_time_sk AND ws_ship_hdemo_sk = hd_demo_sk AND ws_web_page_sk = wp_web_page_sk AND t_hour BETWEEN 19 AND 23) pm;

-- 91 losses of call centres by demographics
SELECT cc_call_center_id, cc_name, cc_manager, SUM(cr_net_loss) AS loss FROM call_center, catalog_returns, date_dim, customer, customer_address, customer_demographics WHERE cr_call_center_sk = cc_call_center_sk AND cr_returned_date_sk = d_date_sk AND cr_returning_customer_sk = c_customer_sk AND cd_demo_sk = c_current_cdemo_sk AND ca_address_sk = c_current_addr_sk AND d_year BETWEEN 1998 AND 2001 AND (cd_marital_status = 'M' OR cd_education_status LIKE 'Adv%') GROUP BY cc_call_center_id, cc_name, cc_manager, cd_marital_status ORDER BY loss DESC, 1;

-- 92 excess discount on the web
SELECT SUM(ws_ext_discount_amt) AS excess FROM web_sales w, item, date_dim WHERE i_item_sk = w.ws_item_sk AND d_date >= DATE '2000-01-27' AND d_date < DATE '2000-01-27' + INTERVAL 90 DAY AND d_date_sk = w.ws_sold_date_sk AND w.ws_ext_discount_amt > (SELECT 1.3 * AVG(v.ws_ext_discount_amt) FROM web_sales v WHERE v.ws_item_sk = i_item_sk);

-- 93 sales of customers less what they gave back for a reason
SELECT ss_customer_sk, SUM(act_sales) AS sumsales FROM (SELECT ss_item_sk, ss_ticket_number, ss_customer_sk, CASE WHEN sr_return_quantity IS NOT NULL THEN (ss_quantity - sr_return_quantity) * ss_sales_price ELSE ss_quantity * ss_sales_price END AS act_sales FROM store_sales LEFT OUTER JOIN store_returns ON sr_item_sk = ss_item_sk AND sr_ticket_number = ss_ticket_number, reason WHERE sr_reason_sk = r_reason_sk AND r_reason_desc = 'reason 28') t GROUP BY ss_customer_sk ORDER BY sumsales, ss_customer_sk LIMIT 100;

-- 94 web orders from several warehouses without a return
SELECT COUNT(DISTINCT a.ws_order_number) AS orders, SUM(a.ws_ext_ship_cost) AS shipping, SUM(a.ws_net_profit) AS profit FROM web_sales a, date_dim, customer_address, web_site WHERE a.ws_ship_date_sk = d_date_sk AND a.ws_ship_addr_sk = ca_address_sk AND a.ws_web_site_sk = web_site_sk AND web_company_name = 'pri' AND EXISTS (SELECT * FROM web_sales b WHERE a.ws_order_number = b.ws_order_number AND a.ws_warehouse_sk <> b.ws_warehouse_sk) AND NOT EXISTS (SELECT * FROM web_returns WHERE a.ws_order_number = wr_order_number);

-- 95 web orders from several warehouses with a return
WITH ws_wh AS (SELECT a.ws_order_number FROM web_sales a JOIN web_sales b ON a.ws_order_number = b.ws_order_number AND a.ws_warehouse_sk <> b.ws_warehouse_sk) SELECT COUNT(DISTINCT ws_order_number) AS orders, SUM(ws_ext_ship_cost) AS shipping FROM web_sales JOIN date_dim ON ws_ship_date_sk = d_date_sk WHERE d_year >= 1999 AND ws_order_number IN (SELECT ws_order_number FROM ws_wh) AND ws_order_number IN (SELECT wr_order_number FROM web_returns, ws_wh WHERE wr_order_number = ws_wh.ws_order_number);

-- 96 how many buy in the evening
SELECT COUNT(*) FROM store_sales, household_demographics, time_dim, store WHERE ss_sold_time_sk = time_dim.t_time_sk AND ss_hdemo_sk = household_demographics.hd_demo_sk AND ss_store_sk = s_store_sk AND time_dim.t_hour = 20 AND time_dim.t_minute >= 30 AND household_demographics.hd_dep_count = 7 ORDER BY COUNT(*) LIMIT 100;

-- 97 who buys an item in a store, in the catalog, or in both
WITH ssci AS (SELECT ss_customer_sk AS c, ss_item_sk AS i FROM store_sales, date_dim WHERE ss_sold_date_sk = d_date_sk AND d_month_seq BETWEEN 1200 AND 1211 GROUP BY ss_customer_sk, ss_item_sk), csci AS (SELECT cs_bill_customer_sk AS c, cs_item_sk AS i FROM catalog_sales, date_dim WHERE cs_sold_date_sk = d_date_sk AND d_month_seq BETWEEN 1200 AND 1211 GROUP BY cs_bill_customer_sk, cs_item_sk)
SELECT SUM(CASE WHEN ssci.c IS NOT NULL AND csci.c IS NULL THEN 1 ELSE 0 END) AS store_only, SUM(CASE WHEN ssci.c IS NULL AND csci.c IS NOT NULL THEN 1 ELSE 0 END) AS catalog_only, SUM(CASE WHEN ssci.c IS NOT NULL AND csci.c IS NOT NULL THEN 1 ELSE 0 END) AS both_of_them FROM ssci FULL OUTER JOIN csci ON ssci.c = csci.c AND ssci.i = csci.i;

-- 98 share of an item in its class in stores
SELECT i_item_id, i_item_desc, i_category, i_class, i_current_price, SUM(ss_ext_sales_price) AS revenue, SUM(ss_ext_sales_price) * 100 / SUM(SUM(ss_ext_sales_price)) OVER (PARTITION BY i_class) AS ratio FROM store_sales, item, date_dim WHERE ss_item_sk = i_item_sk AND i_category IN ('Sports', 'Books', 'Home') AND ss_sold_date_sk = d_date_sk AND d_date BETWEEN CAST('1999-02-22' AS DATE) AND CAST('1999-02-22' AS DATE) + INTERVAL '60 days' GROUP BY i_item_id, i_item_desc, i_category, i_class, i_current_price ORDER BY i_category, i_class, i_item_id, i_item_desc, ratio;

-- 99 days until catalog orders ship
SELECT SUBSTR(w_warehouse_name, 1, 20) AS warehouse, sm_type, cc_name, COUNT(*) FILTER (WHERE cs_ship_date_sk - cs_sold_date_sk <= 30) AS d30, COUNT(*) FILTER (WHERE cs_ship_date_sk - cs_sold_date_sk BETWEEN 31 AND 120) AS d120, COUNT(*) FILTER (WHERE cs_ship_date_sk - cs_sold_date_sk > 120) AS later FROM catalog_sales JOIN warehouse ON cs_warehouse_sk = w_warehouse_sk JOIN ship_mode ON cs_ship_mode_sk = sm_ship_mode_sk JOIN call_center ON cs_call_center_sk = cc_call_center_sk GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
