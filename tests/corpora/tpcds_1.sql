-- corpus: tpcds
-- dialect: duckdb
-- role: analyst
-- source: tpcds
-- origin: the 99 questions that TPC-DS describes, each written anew and shorter over its schema; data by a seeded generator of our own
-- licence: Apache-2.0

-- 1 customers who return more than is usual at their store
WITH returned AS (SELECT sr_customer_sk AS customer, sr_store_sk AS store, SUM(sr_return_amt) AS total FROM store_returns JOIN date_dim ON sr_returned_date_sk = d_date_sk WHERE d_year = 2000 GROUP BY 1, 2)
SELECT c_customer_id FROM returned r JOIN store ON s_store_sk = r.store JOIN customer ON c_customer_sk = r.customer
WHERE r.total > (SELECT AVG(o.total) * 1.2 FROM returned o WHERE o.store = r.store) AND s_state IN ('TN', 'OH', 'GA') ORDER BY c_customer_id LIMIT 100;

-- 2 weekly sales of web and catalog by day, against the year after
WITH sold AS (SELECT ws_sold_date_sk AS day_sk, ws_ext_sales_price AS price FROM web_sales UNION ALL SELECT cs_sold_date_sk, cs_ext_sales_price FROM catalog_sales),
weekly AS (SELECT d_week_seq AS week, SUM(CASE WHEN d_day_name = 'Sunday' THEN price END) AS sun, SUM(CASE WHEN d_day_name = 'Monday' THEN price END) AS mon, SUM(CASE WHEN d_day_name = 'Saturday' THEN price END) AS sat FROM sold JOIN date_dim ON d_date_sk = day_sk GROUP BY d_week_seq)
SELECT a.week, ROUND(a.sun / b.sun, 2) AS sundays, ROUND(a.mon / b.mon, 2) AS mondays, ROUND(a.sat / b.sat, 2) AS saturdays
FROM weekly a JOIN weekly b ON b.week = a.week + 53 WHERE a.week IN (SELECT d_week_seq FROM date_dim WHERE d_year = 2000) ORDER BY a.week;

-- 3 sales of a manufacturer's brands in one month
SELECT d.d_year, i.i_brand_id, i.i_brand, SUM(ss.ss_ext_sales_price) AS total FROM date_dim d, store_sales ss, item i
WHERE d.d_date_sk = ss.ss_sold_date_sk AND ss.ss_item_sk = i.i_item_sk AND i.i_manufact_id < 20 AND d.d_moy = 11 GROUP BY d.d_year, i.i_brand, i.i_brand_id ORDER BY d.d_year, total DESC, i.i_brand_id, i.i_brand LIMIT 100;

-- 4 customers whose catalog purchases grew faster than those in stores
WITH totals AS (
  SELECT c_customer_id AS id, d_year AS in_year, SUM((ss_ext_list_price - ss_ext_wholesale_cost - ss_ext_discount_amt + ss_ext_sales_price) / 2) AS total, 's' AS channel FROM customer JOIN store_sales ON c_customer_sk = ss_customer_sk JOIN date_dim ON ss_sold_date_sk = d_date_sk GROUP BY c_customer_id, d_year
  UNION ALL SELECT c_customer_id, d_year, SUM((cs_ext_list_price - cs_ext_wholesale_cost - cs_ext_discount_amt + cs_ext_sales_price) / 2), 'c' FROM customer JOIN catalog_sales ON c_customer_sk = cs_bill_customer_sk JOIN date_dim ON cs_sold_date_sk = d_date_sk GROUP BY c_customer_id, d_year)
SELECT s1.id FROM totals s1, totals s2, totals c1, totals c2
WHERE s2.id = s1.id AND c1.id = s1.id AND c2.id = s1.id AND s1.channel = 's' AND s2.channel = 's' AND c1.channel = 'c' AND c2.channel = 'c' AND s1.in_year = 2000 AND s2.in_year = 2001 AND c1.in_year = 2000 AND c2.in_year = 2001
  AND s1.total > 0 AND c1.total > 0 AND c2.total / c1.total > s2.total / s1.total ORDER BY s1.id LIMIT 100;

-- 5 sales, returns and profit of each channel, with subtotals
WITH s AS (SELECT s_store_id AS id, SUM(price) AS sales, SUM(back) AS returns_amt, SUM(profit) AS profit FROM (
    SELECT ss_store_sk AS sk, ss_sold_date_sk AS day_sk, ss_ext_sales_price AS price, 0 AS back, ss_net_profit AS profit FROM store_sales UNION ALL SELECT sr_store_sk, sr_returned_date_sk, 0, sr_return_amt, -sr_net_loss FROM store_returns) x
  JOIN date_dim ON day_sk = d_date_sk JOIN store ON s_store_sk = sk WHERE d_date BETWEEN DATE '2000-08-01' AND DATE '2000-10-30' GROUP BY s_store_id),
w AS (SELECT web_site_id AS id, SUM(ws_ext_sales_price) AS sales, 0 AS returns_amt, SUM(ws_net_profit) AS profit FROM web_sales JOIN date_dim ON ws_sold_date_sk = d_date_sk JOIN web_site ON web_site_sk = ws_web_site_sk WHERE d_date BETWEEN DATE '2000-08-01' AND DATE '2000-10-30' GROUP BY web_site_id)
SELECT channel, id, SUM(sales) AS sales, SUM(returns_amt) AS returns_amt, SUM(profit) AS profit FROM (SELECT 'store' AS channel, * FROM s UNION ALL SELECT 'web', * FROM w) u GROUP BY ROLLUP (channel, id) ORDER BY channel, id LIMIT 100;

-- 6 states where people buy items well above the price of their category
SELECT a.ca_state AS state, COUNT(*) AS cnt FROM customer_address a, customer c, store_sales s, date_dim d, item i
WHERE a.ca_address_sk = c.c_current_addr_sk AND c.c_customer_sk = s.ss_customer_sk AND s.ss_sold_date_sk = d.d_date_sk AND s.ss_item_sk = i.i_item_sk
  AND d.d_month_seq = (SELECT DISTINCT d_month_seq FROM date_dim WHERE d_year = 2001 AND d_moy = 1) AND i.i_current_price > 1.2 * (SELECT AVG(j.i_current_price) FROM item j WHERE j.i_category = i.i_category)
GROUP BY a.ca_state HAVING COUNT(*) >= 2 ORDER BY cnt, a.ca_state LIMIT 100;

-- 7 averages of promoted items for one group of customers
SELECT i_item_id, AVG(ss_quantity) AS q, AVG(ss_list_price) AS l, AVG(ss_coupon_amt) AS c, AVG(ss_sales_price) AS p FROM store_sales, customer_demographics, date_dim, item, promotion
WHERE ss_sold_date_sk = d_date_sk AND ss_item_sk = i_item_sk AND ss_cdemo_sk = cd_demo_sk AND ss_promo_sk = p_promo_sk AND cd_gender = 'M' AND cd_marital_status IN ('S', 'D') AND (p_channel_email = 'N' OR p_channel_event = 'N') AND d_year = 2000
GROUP BY i_item_id ORDER BY i_item_id LIMIT 100;

-- 8 profit of stores near zip codes that many preferred customers share
SELECT s_store_name, SUM(ss_net_profit) AS profit FROM store_sales, date_dim, store, (
  SELECT SUBSTR(ca_zip, 1, 5) AS zip FROM customer_address WHERE SUBSTR(ca_zip, 1, 5) IN ('24128', '76232', '65084', '87816')
  INTERSECT SELECT zip FROM (SELECT SUBSTR(ca_zip, 1, 5) AS zip, COUNT(*) AS n FROM customer_address, customer WHERE ca_address_sk = c_current_addr_sk AND c_preferred_cust_flag = 'Y' GROUP BY ca_zip HAVING COUNT(*) > 3) z) v
WHERE ss_store_sk = s_store_sk AND ss_sold_date_sk = d_date_sk AND d_qoy = 2 AND d_year = 1998 AND SUBSTR(s_zip, 1, 2) = SUBSTR(v.zip, 1, 2) GROUP BY s_store_name ORDER BY s_store_name;

-- 9 averages by band of quantity, by one subquery each
SELECT CASE WHEN (SELECT COUNT(*) FROM store_sales WHERE ss_quantity BETWEEN 1 AND 20) > 500 THEN (SELECT AVG(ss_ext_discount_amt) FROM store_sales WHERE ss_quantity BETWEEN 1 AND 20) ELSE (SELECT AVG(ss_net_paid) FROM store_sales WHERE ss_quantity BETWEEN 1 AND 20) END AS band1,
  CASE WHEN (SELECT COUNT(*) FROM store_sales WHERE ss_quantity BETWEEN 21 AND 40) > 50000 THEN (SELECT AVG(ss_ext_discount_amt) FROM store_sales WHERE ss_quantity BETWEEN 21 AND 40) ELSE (SELECT AVG(ss_net_paid) FROM store_sales WHERE ss_quantity BETWEEN 21 AND 40) END AS band2
FROM reason WHERE r_reason_sk = 1;

-- 10 demographics of customers active in stores and elsewhere
SELECT cd_gender, cd_marital_status, cd_education_status, COUNT(*) AS n, cd_purchase_estimate, COUNT(*) AS again, cd_credit_rating FROM customer c, customer_address ca, customer_demographics
WHERE c.c_current_addr_sk = ca.ca_address_sk AND ca_county IN ('Walker County', 'Ziebach County') AND cd_demo_sk = c.c_current_cdemo_sk
  AND EXISTS (SELECT * FROM store_sales, date_dim WHERE c.c_customer_sk = ss_customer_sk AND ss_sold_date_sk = d_date_sk AND d_year = 2002)
  AND (EXISTS (SELECT * FROM web_sales, date_dim WHERE c.c_customer_sk = ws_bill_customer_sk AND ws_sold_date_sk = d_date_sk AND d_year = 2002) OR EXISTS (SELECT * FROM catalog_sales, date_dim WHERE c.c_customer_sk = cs_ship_customer_sk AND cs_sold_date_sk = d_date_sk AND d_year = 2002))
GROUP BY cd_gender, cd_marital_status, cd_education_status, cd_purchase_estimate, cd_credit_rating ORDER BY 1, 2, 3, 5, 7 LIMIT 100;

-- 11 customers whose purchases on the web grew faster than in stores
WITH totals AS (SELECT c_customer_id AS id, c_email_address AS mail, d_year AS y, SUM(ss_ext_list_price - ss_ext_discount_amt) AS total, 's' AS kind FROM customer, store_sales, date_dim WHERE c_customer_sk = ss_customer_sk AND ss_sold_date_sk = d_date_sk GROUP BY 1, 2, 3
  UNION ALL SELECT c_customer_id, c_email_address, d_year, SUM(ws_ext_list_price - ws_ext_discount_amt), 'w' FROM customer, web_sales, date_dim WHERE c_customer_sk = ws_bill_customer_sk AND ws_sold_date_sk = d_date_sk GROUP BY 1, 2, 3)
SELECT s2.id, s2.mail FROM totals s1 JOIN totals s2 ON s2.id = s1.id AND s2.kind = 's' AND s2.y = 2000 JOIN totals w1 ON w1.id = s1.id AND w1.kind = 'w' AND w1.y = 1999 JOIN totals w2 ON w2.id = s1.id AND w2.kind = 'w' AND w2.y = 2000
WHERE s1.kind = 's' AND s1.y = 1999 AND s1.total > 0 AND w1.total > 0 AND w2.total / w1.total > s2.total / s1.total ORDER BY s2.id;

-- 12 share of an item in its class on the web
SELECT i_item_id, i_item_desc, i_category, i_class, i_current_price, SUM(ws_ext_sales_price) AS revenue, SUM(ws_ext_sales_price) * 100 / SUM(SUM(ws_ext_sales_price)) OVER (PARTITION BY i_class) AS ratio
FROM web_sales, item, date_dim WHERE ws_item_sk = i_item_sk AND i_category IN ('Sports', 'Books', 'Home') AND ws_sold_date_sk = d_date_sk AND d_date BETWEEN DATE '1999-02-22' AND DATE '1999-02-22' + INTERVAL 60 DAY
GROUP BY i_item_id, i_item_desc, i_category, i_class, i_current_price ORDER BY i_category, i_class, i_item_id, i_item_desc, ratio LIMIT 100;

-- 13 averages under several alternative conditions
SELECT AVG(ss_quantity), AVG(ss_ext_sales_price), AVG(ss_ext_wholesale_cost), SUM(ss_ext_wholesale_cost) FROM store_sales, store, customer_demographics, household_demographics, customer_address, date_dim
WHERE s_store_sk = ss_store_sk AND ss_sold_date_sk = d_date_sk AND d_year = 2001 AND ss_hdemo_sk = hd_demo_sk AND cd_demo_sk = ss_cdemo_sk AND ss_addr_sk = ca_address_sk
  AND ((cd_marital_status = 'M' AND ss_sales_price BETWEEN 50 AND 150 AND hd_dep_count > 2) OR (cd_marital_status = 'S' AND ss_sales_price < 100) OR (cd_marital_status = 'W' AND hd_dep_count = 1)) AND ca_country = 'United States' AND (ca_state IN ('TX', 'OH') AND ss_net_profit > 100 OR ca_state IN ('GA', 'TN') AND ss_net_profit < 3000);

-- 14 items sold in all channels, and who sells more of them than is usual
WITH everywhere AS (SELECT i_item_sk AS sk FROM item JOIN (
    SELECT i_brand_id AS b, i_class_id AS c FROM store_sales, item, date_dim WHERE ss_item_sk = i_item_sk AND ss_sold_date_sk = d_date_sk AND d_year BETWEEN 1999 AND 2001
    INTERSECT SELECT i_brand_id, i_class_id FROM catalog_sales, item, date_dim WHERE cs_item_sk = i_item_sk AND cs_sold_date_sk = d_date_sk AND d_year BETWEEN 1999 AND 2001
    INTERSECT SELECT i_brand_id, i_class_id FROM web_sales, item, date_dim WHERE ws_item_sk = i_item_sk AND ws_sold_date_sk = d_date_sk AND d_year BETWEEN 1999 AND 2001) x ON i_brand_id = b AND i_class_id = c),
usual AS (SELECT AVG(q * p) AS mean FROM (SELECT ss_quantity AS q, ss_list_price AS p FROM store_sales UNION ALL SELECT cs_quantity, cs_list_price FROM catalog_sales UNION ALL SELECT ws_quantity, ws_list_price FROM web_sales) y)
SELECT channel, brand, class, SUM(sales) AS sales, SUM(n) AS n FROM (
  SELECT 'store' AS channel, i_brand_id AS brand, i_class_id AS class, SUM(ss_quantity * ss_list_price) AS sales, COUNT(*) AS n FROM store_sales JOIN item ON ss_item_sk = i_item_sk WHERE ss_item_sk IN (SELECT sk FROM everywhere) GROUP BY 2, 3 HAVING SUM(ss_quantity * ss_list_price) > (SELECT mean FROM usual)
  UNION ALL SELECT 'web', i_brand_id, i_class_id, SUM(ws_quantity * ws_list_price), COUNT(*) FROM web_sales JOIN item ON ws_item_sk = i_item_sk WHERE ws_item_sk IN (SELECT sk FROM everywhere) GROUP BY 2, 3 HAVING SUM(ws_quantity * ws_list_price) > (SELECT mean FROM usual)) z
GROUP BY ROLLUP (channel, brand, class) ORDER BY 1, 2, 3 LIMIT 100;

-- 15 catalog sales by zip code
SELECT ca_zip, SUM(cs_sales_price) AS total FROM catalog_sales, customer, customer_address, date_dim
WHERE cs_bill_customer_sk = c_customer_sk AND c_current_addr_sk = ca_address_sk AND (SUBSTR(ca_zip, 1, 2) IN ('24', '76') OR ca_state IN ('CA', 'GA') OR cs_sales_price > 150) AND cs_sold_date_sk = d_date_sk AND d_qoy = 2 AND d_year = 2001
GROUP BY ca_zip ORDER BY ca_zip LIMIT 100;

-- 16 catalog orders from several warehouses without a return
SELECT COUNT(DISTINCT a.cs_order_number) AS orders, SUM(a.cs_ext_ship_cost) AS shipping, SUM(a.cs_net_profit) AS profit FROM catalog_sales a JOIN date_dim ON a.cs_ship_date_sk = d_date_sk JOIN customer_address ON a.cs_ship_addr_sk = ca_address_sk JOIN call_center ON cc_call_center_sk = a.cs_call_center_sk
WHERE d_date BETWEEN DATE '2000-02-01' AND DATE '2002-04-01' AND ca_state = 'GA' AND cc_county = 'Williamson County'
  AND EXISTS (SELECT * FROM catalog_sales b WHERE b.cs_order_number = a.cs_order_number AND b.cs_warehouse_sk <> a.cs_warehouse_sk) AND NOT EXISTS (SELECT * FROM catalog_returns WHERE cr_order_number = a.cs_order_number);

-- 17 spread of quantities sold, returned and bought again
SELECT i_item_id, s_state, COUNT(ss_quantity) AS n, AVG(ss_quantity) AS mean, STDDEV_SAMP(ss_quantity) AS sd, STDDEV_SAMP(ss_quantity) / AVG(ss_quantity) AS cov, COUNT(sr_return_quantity) AS returns_n, AVG(cs_quantity) AS again
FROM store_sales JOIN store_returns ON sr_item_sk = ss_item_sk AND sr_customer_sk = ss_customer_sk JOIN catalog_sales ON cs_bill_customer_sk = sr_customer_sk AND cs_item_sk = sr_item_sk JOIN item ON i_item_sk = ss_item_sk JOIN store ON s_store_sk = ss_store_sk
GROUP BY i_item_id, s_state ORDER BY i_item_id, s_state LIMIT 100;

-- 18 averages of catalog sales by place, rolled up
SELECT i_item_id, ca_country, ca_state, ca_county, AVG(CAST(cs_quantity AS DECIMAL(12, 2))) AS q, AVG(CAST(c_birth_year AS DECIMAL(12, 2))) AS y, AVG(CAST(cd_dep_count AS DECIMAL(12, 2))) AS deps
FROM catalog_sales, customer_demographics, customer, customer_address, date_dim, item WHERE cs_sold_date_sk = d_date_sk AND cs_item_sk = i_item_sk AND cs_bill_cdemo_sk = cd_demo_sk AND cs_bill_customer_sk = c_customer_sk AND cd_gender = 'F' AND c_current_addr_sk = ca_address_sk AND c_birth_month IN (1, 6, 8, 9) AND d_year = 1998
GROUP BY ROLLUP (i_item_id, ca_country, ca_state, ca_county) ORDER BY ca_country, ca_state, ca_county, i_item_id LIMIT 100;

-- 19 brands bought away from home
SELECT i_brand_id, i_brand, i_manufact_id, i_manufact, SUM(ss_ext_sales_price) AS price FROM date_dim, store_sales, item, customer, customer_address, store
WHERE d_date_sk = ss_sold_date_sk AND ss_item_sk = i_item_sk AND i_manager_id < 12 AND d_moy = 11 AND d_year = 1998 AND ss_customer_sk = c_customer_sk AND c_current_addr_sk = ca_address_sk AND SUBSTR(ca_zip, 1, 5) <> SUBSTR(s_zip, 1, 5) AND ss_store_sk = s_store_sk
GROUP BY i_brand, i_brand_id, i_manufact_id, i_manufact ORDER BY price DESC, i_brand, i_brand_id, i_manufact_id, i_manufact LIMIT 100;

-- 20 share of an item in its class in the catalog
SELECT i_item_id, i_item_desc, i_category, i_class, i_current_price, SUM(cs_ext_sales_price) AS revenue, SUM(cs_ext_sales_price) * 100 / SUM(SUM(cs_ext_sales_price)) OVER (PARTITION BY i_class) AS ratio
FROM catalog_sales JOIN item ON cs_item_sk = i_item_sk JOIN date_dim ON cs_sold_date_sk = d_date_sk WHERE i_category IN ('Sports', 'Books', 'Home') AND d_date BETWEEN DATE '1999-02-22' AND DATE '1999-05-24' GROUP BY i_item_id, i_item_desc, i_category, i_class, i_current_price ORDER BY i_category, i_class, i_item_id, i_item_desc, ratio;

-- 21 stock before and after a day, by warehouse
SELECT * FROM (SELECT w_warehouse_name, i_item_id, SUM(CASE WHEN d_date < DATE '2000-03-11' THEN inv_quantity_on_hand ELSE 0 END) AS before_it, SUM(CASE WHEN d_date >= DATE '2000-03-11' THEN inv_quantity_on_hand ELSE 0 END) AS after_it
  FROM inventory, warehouse, item, date_dim WHERE i_item_sk = inv_item_sk AND inv_warehouse_sk = w_warehouse_sk AND inv_date_sk = d_date_sk AND d_date BETWEEN DATE '2000-03-11' - INTERVAL 90 DAY AND DATE '2000-03-11' + INTERVAL 90 DAY GROUP BY w_warehouse_name, i_item_id) x
WHERE (CASE WHEN before_it > 0 THEN after_it / before_it END) BETWEEN 0.5 AND 1.6 ORDER BY w_warehouse_name, i_item_id;

-- 22 mean stock by product, rolled up
SELECT i_product_name, i_brand, i_class, i_category, AVG(inv_quantity_on_hand) AS qoh FROM inventory, date_dim, item WHERE inv_date_sk = d_date_sk AND inv_item_sk = i_item_sk AND d_month_seq BETWEEN 1200 AND 1211
GROUP BY ROLLUP (i_product_name, i_brand, i_class, i_category) ORDER BY qoh, i_product_name, i_brand, i_class, i_category LIMIT 100;

-- 23 what the best customers bought of items that sell often
WITH often AS (SELECT i_item_sk AS sk FROM store_sales, date_dim, item WHERE ss_sold_date_sk = d_date_sk AND ss_item_sk = i_item_sk AND d_year IN (2000, 2001) GROUP BY i_item_sk HAVING COUNT(*) > 8),
best AS (SELECT ss_customer_sk AS who FROM store_sales JOIN customer ON c_customer_sk = ss_customer_sk GROUP BY ss_customer_sk HAVING SUM(ss_quantity * ss_sales_price) > 0.4 * (SELECT MAX(total) FROM (SELECT SUM(ss_quantity * ss_sales_price) AS total FROM store_sales GROUP BY ss_customer_sk) m))
SELECT c_last_name, c_first_name, SUM(sales) AS sales FROM (
  SELECT cs_bill_customer_sk AS who, cs_quantity * cs_list_price AS sales FROM catalog_sales WHERE cs_item_sk IN (SELECT sk FROM often) AND cs_bill_customer_sk IN (SELECT who FROM best)
  UNION ALL SELECT ws_bill_customer_sk, ws_quantity * ws_list_price FROM web_sales WHERE ws_item_sk IN (SELECT sk FROM often) AND ws_bill_customer_sk IN (SELECT who FROM best)) x JOIN customer ON c_customer_sk = x.who
GROUP BY c_last_name, c_first_name ORDER BY 1, 2, 3;

-- 24 returned goods by colour and customer, above a share of the mean
WITH bought AS (SELECT c_last_name, c_first_name, s_store_name, i_color, SUM(ss_net_paid) AS paid FROM store_sales, store_returns, store, item, customer WHERE ss_ticket_number = sr_ticket_number AND ss_item_sk = sr_item_sk AND ss_customer_sk = c_customer_sk AND ss_item_sk = i_item_sk AND ss_store_sk = s_store_sk GROUP BY c_last_name, c_first_name, s_store_name, i_color)
SELECT c_last_name, c_first_name, s_store_name, SUM(paid) AS paid FROM bought WHERE i_color <> 'khaki' GROUP BY c_last_name, c_first_name, s_store_name HAVING SUM(paid) > (SELECT 0.05 * AVG(paid) FROM bought) ORDER BY 1, 2, 3;

-- 25 profit of what was sold, returned and bought again
SELECT i_item_id, i_item_desc, s_store_id, s_store_name, SUM(ss_net_profit) AS store_profit, SUM(sr_net_loss) AS store_loss, SUM(cs_net_profit) AS catalog_profit
FROM store_sales, store_returns, catalog_sales, date_dim d1, store, item WHERE d1.d_date_sk = ss_sold_date_sk AND i_item_sk = ss_item_sk AND s_store_sk = ss_store_sk AND ss_item_sk = sr_item_sk AND ss_customer_sk = sr_customer_sk AND sr_customer_sk = cs_bill_customer_sk AND sr_item_sk = cs_item_sk AND d1.d_year BETWEEN 1998 AND 2002
GROUP BY i_item_id, i_item_desc, s_store_id, s_store_name ORDER BY 1, 2, 3, 4 LIMIT 100;

-- 26 averages of promoted items in the catalog
SELECT i_item_id, AVG(cs_quantity) AS a, AVG(cs_list_price) AS b, AVG(cs_coupon_amt) AS c, AVG(cs_sales_price) AS d FROM catalog_sales JOIN customer_demographics ON cs_bill_cdemo_sk = cd_demo_sk JOIN date_dim ON cs_sold_date_sk = d_date_sk JOIN item ON cs_item_sk = i_item_sk JOIN promotion ON cs_promo_sk = p_promo_sk
WHERE cd_gender = 'M' AND (p_channel_email = 'N' OR p_channel_event = 'N') AND d_year = 2000 GROUP BY i_item_id ORDER BY i_item_id;

-- 27 averages by item and state, with GROUPING
SELECT i_item_id, s_state, GROUPING(s_state) AS g_state, AVG(ss_quantity) AS a, AVG(ss_list_price) AS b FROM store_sales, customer_demographics, date_dim, store, item
WHERE ss_sold_date_sk = d_date_sk AND ss_item_sk = i_item_sk AND ss_store_sk = s_store_sk AND ss_cdemo_sk = cd_demo_sk AND cd_gender = 'F' AND d_year = 2002 GROUP BY ROLLUP (i_item_id, s_state) ORDER BY i_item_id, s_state LIMIT 100;

-- 28 six bands of prices side by side
SELECT * FROM (SELECT AVG(ss_list_price) AS b1_lp, COUNT(ss_list_price) AS b1_n, COUNT(DISTINCT ss_list_price) AS b1_d FROM store_sales WHERE ss_quantity BETWEEN 0 AND 5 AND (ss_list_price BETWEEN 8 AND 90 OR ss_coupon_amt BETWEEN 459 AND 859)) b1,
  (SELECT AVG(ss_list_price) AS b2_lp, COUNT(ss_list_price) AS b2_n, COUNT(DISTINCT ss_list_price) AS b2_d FROM store_sales WHERE ss_quantity BETWEEN 6 AND 10 AND (ss_list_price BETWEEN 90 AND 180 OR ss_wholesale_cost BETWEEN 31 AND 51)) b2,
  (SELECT AVG(ss_list_price) AS b3_lp, COUNT(ss_list_price) AS b3_n, COUNT(DISTINCT ss_list_price) AS b3_d FROM store_sales WHERE ss_quantity BETWEEN 11 AND 15) b3;

-- 29 quantities sold, returned and bought again
SELECT i_item_id, s_store_id, SUM(ss_quantity) AS sold, SUM(sr_return_quantity) AS returned, SUM(cs_quantity) AS again FROM store_sales JOIN store_returns ON ss_customer_sk = sr_customer_sk AND ss_item_sk = sr_item_sk JOIN catalog_sales ON sr_customer_sk = cs_bill_customer_sk AND sr_item_sk = cs_item_sk JOIN store ON s_store_sk = ss_store_sk JOIN item ON i_item_sk = ss_item_sk
GROUP BY i_item_id, s_store_id ORDER BY i_item_id, s_store_id LIMIT 100;

-- 30 customers who return more than is usual in their state on the web
WITH back AS (SELECT wr_returning_customer_sk AS who, ca_state AS state, SUM(wr_return_amt) AS total FROM web_returns, date_dim, customer_address WHERE wr_returned_date_sk = d_date_sk AND d_year = 2002 AND wr_returning_addr_sk = ca_address_sk GROUP BY wr_returning_customer_sk, ca_state)
SELECT c_customer_id, c_salutation, c_first_name, c_last_name, c_preferred_cust_flag, c_birth_country, total FROM back b, customer_address, customer
WHERE b.total > (SELECT AVG(total) * 1.2 FROM back o WHERE b.state = o.state) AND ca_address_sk = c_current_addr_sk AND c_customer_sk = b.who ORDER BY 1, 7 LIMIT 100;

-- 31 counties where the web grows faster than stores, quarter by quarter
WITH s AS (SELECT ca_county, d_qoy, d_year, SUM(ss_ext_sales_price) AS sales FROM store_sales, date_dim, customer_address WHERE ss_sold_date_sk = d_date_sk AND ss_addr_sk = ca_address_sk GROUP BY 1, 2, 3), w AS (SELECT ca_county, d_qoy, d_year, SUM(ws_ext_sales_price) AS sales FROM web_sales, date_dim, customer_address WHERE ws_sold_date_sk = d_date_sk AND ws_bill_addr_sk = ca_address_sk GROUP BY 1, 2, 3)
SELECT s1.ca_county, s1.d_year, w2.sales / w1.sales AS web_growth, s2.sales / s1.sales AS store_growth FROM s s1, s s2, w w1, w w2
WHERE s1.d_qoy = 1 AND s2.d_qoy = 2 AND w1.d_qoy = 1 AND w2.d_qoy = 2 AND s1.d_year = 2000 AND s2.d_year = 2000 AND w1.d_year = 2000 AND w2.d_year = 2000 AND s1.ca_county = s2.ca_county AND s1.ca_county = w1.ca_county AND s1.ca_county = w2.ca_county ORDER BY s1.ca_county;

-- 32 excess discount in the catalog
SELECT SUM(cs_ext_discount_amt) AS excess FROM catalog_sales a, item, date_dim WHERE i_manufact_id < 20 AND i_item_sk = a.cs_item_sk AND d_date BETWEEN DATE '2000-01-27' AND DATE '2000-06-27' AND d_date_sk = a.cs_sold_date_sk
  AND a.cs_ext_discount_amt > (SELECT 1.3 * AVG(cs_ext_discount_amt) FROM catalog_sales, date_dim WHERE cs_item_sk = i_item_sk AND d_date BETWEEN DATE '2000-01-27' AND DATE '2000-06-27' AND d_date_sk = cs_sold_date_sk);

-- 33 sales of manufacturers over three channels
WITH ss AS (SELECT i_manufact_id, SUM(ss_ext_sales_price) AS total FROM store_sales, date_dim, item WHERE i_manufact_id IN (SELECT i_manufact_id FROM item WHERE i_category = 'Electronics') AND ss_item_sk = i_item_sk AND ss_sold_date_sk = d_date_sk AND d_year = 1998 GROUP BY i_manufact_id),
cs AS (SELECT i_manufact_id, SUM(cs_ext_sales_price) AS total FROM catalog_sales, date_dim, item WHERE i_manufact_id IN (SELECT i_manufact_id FROM item WHERE i_category = 'Electronics') AND cs_item_sk = i_item_sk AND cs_sold_date_sk = d_date_sk AND d_year = 1998 GROUP BY i_manufact_id),
ws AS (SELECT i_manufact_id, SUM(ws_ext_sales_price) AS total FROM web_sales, date_dim, item WHERE i_manufact_id IN (SELECT i_manufact_id FROM item WHERE i_category = 'Electronics') AND ws_item_sk = i_item_sk AND ws_sold_date_sk = d_date_sk AND d_year = 1998 GROUP BY i_manufact_id)
SELECT i_manufact_id, SUM(total) AS total FROM (SELECT * FROM ss UNION ALL SELECT * FROM cs UNION ALL SELECT * FROM ws) t GROUP BY i_manufact_id ORDER BY total, i_manufact_id;

-- 34 large baskets at the turn of the month
SELECT c_last_name, c_first_name, c_salutation, c_preferred_cust_flag, ss_ticket_number, cnt FROM (
  SELECT ss_ticket_number, ss_customer_sk, COUNT(*) AS cnt FROM store_sales, date_dim, store, household_demographics WHERE ss_sold_date_sk = d_date_sk AND ss_store_sk = s_store_sk AND ss_hdemo_sk = hd_demo_sk AND (d_dom BETWEEN 1 AND 12 OR d_dom BETWEEN 20 AND 31) AND hd_vehicle_count > 0 AND (CASE WHEN hd_vehicle_count > 0 THEN hd_dep_count / hd_vehicle_count END) > 0.5
  GROUP BY ss_ticket_number, ss_customer_sk) dn, customer WHERE ss_customer_sk = c_customer_sk AND cnt BETWEEN 1 AND 20 ORDER BY c_last_name, c_first_name, c_salutation, c_preferred_cust_flag DESC, ss_ticket_number;

-- 35 dependants of customers who buy in several channels
SELECT ca_state, cd_gender, cd_marital_status, cd_dep_count, COUNT(*) AS n, MIN(cd_dep_count) AS least, MAX(cd_dep_count) AS most, AVG(cd_dep_count) AS mean FROM customer c JOIN customer_address ca ON c.c_current_addr_sk = ca.ca_address_sk JOIN customer_demographics ON cd_demo_sk = c.c_current_cdemo_sk
WHERE EXISTS (SELECT 1 FROM store_sales JOIN date_dim ON ss_sold_date_sk = d_date_sk WHERE c.c_customer_sk = ss_customer_sk AND d_year = 2002 AND d_qoy < 4) AND (EXISTS (SELECT 1 FROM web_sales WHERE c.c_customer_sk = ws_bill_customer_sk) OR EXISTS (SELECT 1 FROM catalog_sales WHERE c.c_customer_sk = cs_ship_customer_sk))
GROUP BY ca_state, cd_gender, cd_marital_status, cd_dep_count ORDER BY 1, 2, 3, 4;

-- 36 margin by category, ranked within its level
SELECT SUM(ss_net_profit) / SUM(ss_ext_sales_price) AS margin, i_category, i_class, GROUPING(i_category) + GROUPING(i_class) AS level, RANK() OVER (PARTITION BY GROUPING(i_category) + GROUPING(i_class), CASE WHEN GROUPING(i_class) = 0 THEN i_category END ORDER BY SUM(ss_net_profit) / SUM(ss_ext_sales_price)) AS place
FROM store_sales, date_dim d1, item, store WHERE d1.d_year = 2001 AND d1.d_date_sk = ss_sold_date_sk AND i_item_sk = ss_item_sk AND s_store_sk = ss_store_sk AND s_state IN ('TN', 'OH', 'GA') GROUP BY ROLLUP (i_category, i_class) ORDER BY level DESC, i_category, place LIMIT 100;

-- 37 items in stock and in the catalog
SELECT i_item_id, i_item_desc, i_current_price FROM item, inventory, date_dim, catalog_sales WHERE i_current_price BETWEEN 20 AND 90 AND inv_item_sk = i_item_sk AND d_date_sk = inv_date_sk AND d_date BETWEEN DATE '2000-02-01' AND DATE '2000-12-01' AND i_manufact_id < 25 AND inv_quantity_on_hand BETWEEN 100 AND 500 AND cs_item_sk = i_item_sk
GROUP BY i_item_id, i_item_desc, i_current_price ORDER BY i_item_id, i_item_desc, i_current_price LIMIT 100;

-- 38 customers who bought in all channels on one day
SELECT COUNT(*) FROM (SELECT DISTINCT c_last_name, c_first_name, d_year, d_moy FROM store_sales, date_dim, customer WHERE ss_sold_date_sk = d_date_sk AND ss_customer_sk = c_customer_sk
  INTERSECT SELECT DISTINCT c_last_name, c_first_name, d_year, d_moy FROM catalog_sales, date_dim, customer WHERE cs_sold_date_sk = d_date_sk AND cs_bill_customer_sk = c_customer_sk
  INTERSECT SELECT DISTINCT c_last_name, c_first_name, d_year, d_moy FROM web_sales, date_dim, customer WHERE ws_sold_date_sk = d_date_sk AND ws_bill_customer_sk = c_customer_sk) hot;

-- 39 items whose stock varies much from month to month
WITH inv AS (SELECT w_warehouse_sk AS w, i_item_sk AS i, d_moy AS m, STDDEV_SAMP(inv_quantity_on_hand) AS sd, AVG(inv_quantity_on_hand) AS mean FROM inventory, item, warehouse, date_dim WHERE inv_item_sk = i_item_sk AND inv_warehouse_sk = w_warehouse_sk AND inv_date_sk = d_date_sk GROUP BY w_warehouse_sk, i_item_sk, d_moy HAVING AVG(inv_quantity_on_hand) > 0)
SELECT a.w, a.i, a.m, a.mean, a.sd / a.mean AS cov, b.m AS next_m, b.mean AS next_mean FROM inv a JOIN inv b ON a.i = b.i AND a.w = b.w AND b.m = a.m + 1 WHERE a.sd / a.mean > 0.5 AND a.m = 1 ORDER BY 1, 2, 3;

-- 40 catalog sales around a day, less what was refunded
SELECT w_state, i_item_id, SUM(CASE WHEN d_date < DATE '2000-03-11' THEN cs_sales_price - COALESCE(cr_refunded_cash, 0) ELSE 0 END) AS before_it, SUM(CASE WHEN d_date >= DATE '2000-03-11' THEN cs_sales_price - COALESCE(cr_refunded_cash, 0) ELSE 0 END) AS after_it
FROM catalog_sales LEFT OUTER JOIN catalog_returns ON cs_order_number = cr_order_number AND cs_item_sk = cr_item_sk, warehouse, item, date_dim WHERE i_current_price BETWEEN 0.99 AND 90 AND i_item_sk = cs_item_sk AND cs_warehouse_sk = w_warehouse_sk AND cs_sold_date_sk = d_date_sk AND d_date BETWEEN DATE '2000-01-11' AND DATE '2000-05-11'
GROUP BY w_state, i_item_id ORDER BY w_state, i_item_id LIMIT 100;

-- 41 product names that come in several variants
SELECT DISTINCT i_product_name FROM item i1 WHERE i_manufact_id BETWEEN 1 AND 40 AND (SELECT COUNT(*) FROM item WHERE i_manufact = i1.i_manufact AND ((i_category = 'Home' AND i_color IN ('powder', 'khaki') AND i_units IN ('Each', 'Dozen')) OR (i_category = 'Books' AND i_size IN ('medium', 'large')))) > 0 ORDER BY i_product_name LIMIT 100;

-- 42 sales by category in one month
SELECT d_year, i_category_id, i_category, SUM(ss_ext_sales_price) AS total FROM date_dim JOIN store_sales ON d_date_sk = ss_sold_date_sk JOIN item ON ss_item_sk = i_item_sk WHERE i_manager_id < 10 AND d_moy = 11 AND d_year = 2000 GROUP BY d_year, i_category_id, i_category ORDER BY total DESC, 1, 2, 3 LIMIT 100;

-- 43 sales of each store by day of the week
SELECT s_store_name, s_store_id, SUM(CASE WHEN d_day_name = 'Sunday' THEN ss_sales_price END) AS sun, SUM(CASE WHEN d_day_name = 'Monday' THEN ss_sales_price END) AS mon, SUM(CASE WHEN d_day_name = 'Friday' THEN ss_sales_price END) AS fri
FROM date_dim, store_sales, store WHERE d_date_sk = ss_sold_date_sk AND s_store_sk = ss_store_sk AND s_gmt_offset = -5 AND d_year = 2000 GROUP BY s_store_name, s_store_id ORDER BY 1, 2;

-- 44 best and worst items of a store
SELECT a.rnk, i1.i_product_name AS best, i2.i_product_name AS worst FROM (
  SELECT * FROM (SELECT item_sk, RANK() OVER (ORDER BY mean, item_sk) AS rnk FROM (SELECT ss_item_sk AS item_sk, AVG(ss_net_profit) AS mean FROM store_sales WHERE ss_store_sk = 4 GROUP BY ss_item_sk HAVING AVG(ss_net_profit) > 0.1 * (SELECT AVG(ss_net_profit) FROM store_sales WHERE ss_store_sk = 4)) v) v1 WHERE rnk < 11) a,
  (SELECT * FROM (SELECT item_sk, RANK() OVER (ORDER BY mean DESC, item_sk) AS rnk FROM (SELECT ss_item_sk AS item_sk, AVG(ss_net_profit) AS mean FROM store_sales WHERE ss_store_sk = 4 GROUP BY ss_item_sk) v) v2 WHERE rnk < 11) d, item i1, item i2
WHERE a.rnk = d.rnk AND i1.i_item_sk = a.item_sk AND i2.i_item_sk = d.item_sk ORDER BY a.rnk;

-- 45 web sales by zip and city
SELECT ca_zip, ca_city, SUM(ws_sales_price) AS total FROM web_sales, customer, customer_address, date_dim, item WHERE ws_bill_customer_sk = c_customer_sk AND c_current_addr_sk = ca_address_sk AND ws_item_sk = i_item_sk AND (SUBSTR(ca_zip, 1, 2) IN ('24', '65') OR i_item_id IN (SELECT i_item_id FROM item WHERE i_item_sk IN (2, 3, 5, 7, 11))) AND ws_sold_date_sk = d_date_sk AND d_year = 2001 GROUP BY ca_zip, ca_city ORDER BY ca_zip, ca_city;

-- 46 purchases of people away from their city
SELECT c_last_name, c_first_name, ca_city, bought_city, ss_ticket_number, amt, profit FROM (
  SELECT ss_ticket_number, ss_customer_sk, ca_city AS bought_city, SUM(ss_coupon_amt) AS amt, SUM(ss_net_profit) AS profit FROM store_sales, date_dim, store, household_demographics, customer_address WHERE ss_sold_date_sk = d_date_sk AND ss_store_sk = s_store_sk AND ss_hdemo_sk = hd_demo_sk AND ss_addr_sk = ca_address_sk AND (hd_dep_count = 4 OR hd_vehicle_count = 3) AND d_dow IN (6, 0) AND s_city IN ('Fairview', 'Midway')
  GROUP BY ss_ticket_number, ss_customer_sk, ss_addr_sk, ca_city) dn, customer, customer_address now_at WHERE ss_customer_sk = c_customer_sk AND c_current_addr_sk = now_at.ca_address_sk AND now_at.ca_city <> bought_city ORDER BY 1, 2, 3, 4, 5, 6 LIMIT 100;

-- 47 months far from the mean of their brand and store
WITH v1 AS (SELECT i_category, i_brand, s_store_name, d_year, d_moy, SUM(ss_sales_price) AS sales, AVG(SUM(ss_sales_price)) OVER (PARTITION BY i_category, i_brand, s_store_name, d_year) AS mean, RANK() OVER (PARTITION BY i_category, i_brand, s_store_name ORDER BY d_year, d_moy) AS rn FROM item, store_sales, date_dim, store WHERE ss_item_sk = i_item_sk AND ss_sold_date_sk = d_date_sk AND ss_store_sk = s_store_sk AND d_year BETWEEN 1998 AND 2000 GROUP BY 1, 2, 3, 4, 5)
SELECT v1.i_category, v1.i_brand, v1.s_store_name, v1.d_year, v1.d_moy, v1.mean, v1.sales, lag_v.sales AS psum, lead_v.sales AS nsum FROM v1, v1 lag_v, v1 lead_v
WHERE v1.i_category = lag_v.i_category AND v1.i_category = lead_v.i_category AND v1.i_brand = lag_v.i_brand AND v1.i_brand = lead_v.i_brand AND v1.s_store_name = lag_v.s_store_name AND v1.s_store_name = lead_v.s_store_name AND v1.rn = lag_v.rn + 1 AND v1.rn = lead_v.rn - 1 AND v1.d_year = 1999 AND v1.mean > 0 AND ABS(v1.sales - v1.mean) / v1.mean > 0.1
ORDER BY v1.sales - v1.mean, 1, 2, 3, 4, 5 LIMIT 100;

-- 48 quantity sold under alternative conditions
SELECT SUM(ss_quantity) AS pieces FROM store_sales, store, customer_demographics, customer_address, date_dim WHERE s_store_sk = ss_store_sk AND ss_sold_date_sk = d_date_sk AND d_year = 2000 AND ((cd_demo_sk = ss_cdemo_sk AND cd_marital_status = 'M' AND ss_sales_price BETWEEN 100 AND 150) OR (cd_demo_sk = ss_cdemo_sk AND cd_marital_status = 'D' AND ss_sales_price BETWEEN 50 AND 100)) AND ss_addr_sk = ca_address_sk AND ca_country = 'United States' AND ca_state IN ('OH', 'TX', 'CA') AND ss_net_profit BETWEEN 0 AND 4000;

-- 49 worst return ratios of each channel
SELECT channel, item, ratio, place FROM (
  SELECT 'web' AS channel, ws_item_sk AS item, SUM(COALESCE(wr_return_quantity, 0)) * 1.0 / SUM(COALESCE(ws_quantity, 0)) AS ratio, RANK() OVER (ORDER BY SUM(COALESCE(wr_return_quantity, 0)) * 1.0 / SUM(COALESCE(ws_quantity, 0)), ws_item_sk) AS place FROM web_sales LEFT JOIN web_returns ON ws_order_number = wr_order_number AND ws_item_sk = wr_item_sk GROUP BY ws_item_sk
  UNION SELECT 'store', ss_item_sk, SUM(COALESCE(sr_return_quantity, 0)) * 1.0 / SUM(COALESCE(ss_quantity, 0)), RANK() OVER (ORDER BY SUM(COALESCE(sr_return_quantity, 0)) * 1.0 / SUM(COALESCE(ss_quantity, 0)), ss_item_sk) FROM store_sales LEFT JOIN store_returns ON ss_ticket_number = sr_ticket_number AND ss_item_sk = sr_item_sk GROUP BY ss_item_sk) t
WHERE place <= 10 ORDER BY 1, 4, 2;

-- 50 how long until something comes back, by store
SELECT s_store_name, s_company_id, s_street_number, SUM(CASE WHEN sr_returned_date_sk - ss_sold_date_sk <= 30 THEN 1 ELSE 0 END) AS d30, SUM(CASE WHEN sr_returned_date_sk - ss_sold_date_sk > 30 AND sr_returned_date_sk - ss_sold_date_sk <= 90 THEN 1 ELSE 0 END) AS d90, SUM(CASE WHEN sr_returned_date_sk - ss_sold_date_sk > 90 THEN 1 ELSE 0 END) AS longer
FROM store_sales JOIN store_returns ON ss_ticket_number = sr_ticket_number AND ss_item_sk = sr_item_sk JOIN store ON ss_store_sk = s_store_sk GROUP BY s_store_name, s_company_id, s_street_number ORDER BY 1, 2, 3;
