-- corpus: doris
-- dialect: doris
-- origin: written for this project from what people ask of this fleet
-- licence: Apache-2.0

-- role: analyst
-- source: redshift

-- orders by store in the warehouse (redshift)
SELECT s.store_name, COUNT(*) AS orders, SUM(f.net_amount) AS revenue FROM fact_orders f JOIN dim_store s ON s.store_key = f.store_key WHERE f.order_status = 90 GROUP BY s.store_name ORDER BY revenue DESC;

-- revenue by calendar day (redshift)
SELECT d.full_date, SUM(f.net_amount) AS revenue FROM fact_orders f INNER JOIN dim_date d ON d.date_key = f.date_key GROUP BY d.full_date ORDER BY d.full_date;

-- revenue by month (redshift)
SELECT d.year, d.month, SUM(f.net_amount) AS revenue FROM fact_orders f JOIN dim_date d ON f.date_key = d.date_key GROUP BY d.year, d.month ORDER BY 1, 2;

-- top ten products (redshift)
SELECT p.product_name, SUM(i.quantity) AS pieces FROM fact_order_items i JOIN dim_product p ON p.product_key = i.product_key GROUP BY p.product_name ORDER BY pieces DESC, p.product_name LIMIT 10;

-- customers by segment (redshift)
SELECT segment, COUNT(*) AS n, ROUND(AVG(clv_predicted), 2) AS clv FROM dim_customer GROUP BY segment ORDER BY n DESC, segment;

-- segments as columns (redshift)
SELECT country_code, SUM(IF(segment = 'VIP', 1, 0)) AS vip, SUM(IF(segment = 'Lapsed', 1, 0)) AS lapsed FROM dim_customer GROUP BY country_code;

-- days since the last order (redshift)
SELECT DATEDIFF('2026-02-15', last_order_date) AS days, COUNT(*) AS n FROM dim_customer WHERE last_order_date IS NOT NULL GROUP BY days ORDER BY days;

-- registrations by month start (redshift)
SELECT DATE_TRUNC(registration_date, 'month') AS month, COUNT(*) AS n FROM dim_customer GROUP BY month ORDER BY month;

-- payments by state (redshift)
SELECT payment_status, COUNT(*) AS n, SUM(payment_amount) AS amount FROM fact_payments GROUP BY payment_status ORDER BY 1;

-- payments by hour (redshift)
SELECT HOUR(payment_timestamp) AS h, COUNT(*) AS n FROM fact_payments GROUP BY h ORDER BY h;

-- payments by text of the day (redshift)
SELECT DATE_FORMAT(payment_timestamp, '%Y-%m-%d') AS d, SUM(fee_amount) AS fees FROM fact_payments GROUP BY d ORDER BY d;

-- latest payment by method (redshift)
SELECT payment_method, MAX(payment_timestamp) AS latest FROM fact_payments GROUP BY payment_method ORDER BY 1;

-- largest order of each store (redshift)
SELECT store_key, MAX_BY(order_no, net_amount * 1000000 + order_key) AS no, MAX(net_amount) AS most FROM fact_orders GROUP BY store_key ORDER BY store_key;

-- correlation of items and amounts (redshift)
SELECT ROUND(CORR(item_count, net_amount), 6) AS r FROM fact_orders;

-- spread by store (redshift)
SELECT store_key, ROUND(STDDEV_SAMP(net_amount), 4) AS sd, ROUND(VAR_POP(net_amount), 4) AS v FROM fact_orders GROUP BY store_key ORDER BY 1;

-- preparation by store (redshift)
SELECT store_key, AVG(duration_seconds) AS mean, MAX(duration_seconds) AS most FROM fact_productions GROUP BY store_key ORDER BY store_key;

-- seconds between start and end (redshift)
SELECT COUNT(*) FROM fact_productions WHERE SECONDS_DIFF(end_time, start_time) <> duration_seconds;

-- minutes between start and end (redshift)
SELECT MINUTES_DIFF(end_time, start_time) AS m, COUNT(*) FROM fact_productions GROUP BY m ORDER BY m;

-- hours of machine events (redshift)
SELECT HOUR(event_timestamp) AS h, event_type, COUNT(*) FROM fact_iot_events GROUP BY h, event_type ORDER BY 1, 2;

-- machines by state (redshift)
SELECT device_status, COUNT(*) FROM dim_device GROUP BY device_status ORDER BY 1;

-- share of offline machines (redshift)
SELECT store_key, AVG(device_status = 'offline') AS offline FROM dim_device GROUP BY store_key ORDER BY store_key;

-- waste by product (redshift)
SELECT product_key, -SUM(quantity_change) AS wasted FROM fact_stock_changes WHERE change_type = 'waste' GROUP BY product_key ORDER BY wasted DESC, 1;

-- stock moves by day (redshift)
SELECT date_key, change_type, SUM(quantity_change) AS q FROM fact_stock_changes GROUP BY date_key, change_type ORDER BY 1, 2;

-- forecast error (redshift)
SELECT model_version, AVG(ABS(prediction_error)) AS mae, SQRT(AVG(POW(prediction_error, 2))) AS rmse FROM fact_demand_predictions WHERE actual_quantity IS NOT NULL GROUP BY model_version;

-- forecast by weekday (redshift)
SELECT d.day_of_week, SUM(f.predicted_quantity) AS predicted, SUM(f.actual_quantity) AS actual FROM fact_demand_predictions f JOIN dim_date d ON d.date_key = f.date_key GROUP BY d.day_of_week ORDER BY 1;

-- coupons by status (redshift)
SELECT status, COUNT(*) AS n, COALESCE(SUM(discount_amount), 0) AS usd FROM fact_coupon_usage GROUP BY status ORDER BY 1;

-- redemption by template (redshift)
SELECT t.template_name, COUNT(u.redeemed_at) / COUNT(*) AS rate FROM fact_coupon_usage u JOIN dim_coupon_template t ON t.coupon_template_key = u.coupon_template_key GROUP BY t.template_name ORDER BY rate DESC, 1;

-- days until redemption (redshift)
SELECT DAYS_DIFF(redeemed_at, distributed_at) AS d, COUNT(*) FROM fact_coupon_usage WHERE redeemed_at IS NOT NULL GROUP BY d ORDER BY d;

-- events by type and customer (redshift)
SELECT event_type, COUNT(*) / COUNT(DISTINCT customer_key) AS per_customer FROM fact_user_events GROUP BY event_type ORDER BY 1;

-- events of the last day (redshift)
SELECT COUNT(*) FROM fact_user_events WHERE event_timestamp >= DATE_SUB('2026-02-15', INTERVAL 1 DAY);

-- events that follow each other (redshift)
SELECT event_type, LEAD(event_type, 1, 'none') OVER (PARTITION BY customer_key ORDER BY event_timestamp, user_event_key) AS next_type FROM fact_user_events ORDER BY user_event_key LIMIT 50;

-- favourites out of JSON (redshift)
SELECT JSON_EXTRACT(event_properties, '$.favourite') AS favourite, COUNT(*) AS n FROM fact_user_events GROUP BY favourite ORDER BY n DESC, favourite LIMIT 10;

-- experiment means (redshift)
SELECT experiment_id, variant, COUNT(*) AS n, AVG(metric_value) AS mean FROM fact_experiments GROUP BY experiment_id, variant ORDER BY 1, 2;

-- staff by position (redshift)
SELECT position, COUNT(*) AS n, MIN(hire_date) AS earliest FROM dim_employee GROUP BY position ORDER BY 1;

-- hired by year (redshift)
SELECT YEAR(hire_date) AS y, COUNT(*) FROM dim_employee GROUP BY y ORDER BY y;

-- stores by type (redshift)
SELECT store_type, GROUP_CONCAT(store_name, '; ') AS one FROM (SELECT store_type, MIN(store_name) AS store_name FROM dim_store GROUP BY store_type) t GROUP BY store_type ORDER BY 1;

-- stores by distance (redshift)
SELECT store_name, ROUND(SQRT(POW(latitude - 40.75, 2) + POW(longitude + 73.98, 2)), 5) AS deg FROM dim_store ORDER BY deg, store_name;

-- names in capitals (redshift)
SELECT UPPER(store_name) AS n, LENGTH(store_name) AS l FROM dim_store ORDER BY 1;

-- first word of names (redshift)
SELECT SPLIT_PART(store_name, ' ', 1) AS word, COUNT(*) FROM dim_store GROUP BY word ORDER BY word;

-- products by a pattern (redshift)
SELECT product_name FROM dim_product WHERE product_name LIKE '%Latte%' ORDER BY 1;

-- products by expression (redshift)
SELECT product_name FROM dim_product WHERE product_name REGEXP 'Tea|Mocha' ORDER BY 1;

-- products without a code (redshift)
SELECT COUNT(*) FROM dim_product WHERE spu_code IS NULL;

-- price bands (redshift)
SELECT CASE WHEN base_price < 4 THEN 'low' WHEN base_price < 6 THEN 'middle' ELSE 'high' END AS band, COUNT(*) FROM dim_product GROUP BY band ORDER BY band;

-- margins (redshift)
SELECT category, ROUND(AVG(contribution_margin / NULLIF(base_price, 0)), 4) AS margin FROM dim_product GROUP BY category ORDER BY 1;

-- peak minutes (redshift)
SELECT period, SUM(is_peak) AS peak, COUNT(*) AS minutes FROM dim_time GROUP BY period ORDER BY 1;

-- holidays (redshift)
SELECT year, SUM(CASE WHEN is_holiday THEN 1 ELSE 0 END) AS holidays FROM dim_date GROUP BY year ORDER BY year;

-- weekends of a year (redshift)
SELECT month, COUNT(*) AS days FROM dim_date WHERE year = 2026 AND is_weekend GROUP BY month ORDER BY month;

-- running revenue (redshift)
SELECT date_key, SUM(SUM(net_amount)) OVER (ORDER BY date_key) AS so_far FROM fact_orders GROUP BY date_key ORDER BY date_key;

-- rank of stores (redshift)
SELECT store_key, SUM(net_amount) AS revenue, RANK() OVER (ORDER BY SUM(net_amount) DESC) AS place FROM fact_orders GROUP BY store_key ORDER BY place, store_key;

-- quartiles of customers (redshift)
SELECT q, COUNT(*) AS n, MAX(total_spend) AS top FROM (SELECT total_spend, NTILE(4) OVER (ORDER BY total_spend, customer_key) AS q FROM dim_customer) t GROUP BY q ORDER BY q;

-- best product of each store (redshift)
SELECT store_key, product_key, pieces FROM (SELECT o.store_key, i.product_key, SUM(i.quantity) AS pieces, ROW_NUMBER() OVER (PARTITION BY o.store_key ORDER BY SUM(i.quantity) DESC, i.product_key) AS rn FROM fact_order_items i JOIN fact_orders o ON o.order_key = i.order_key GROUP BY o.store_key, i.product_key) t WHERE rn = 1 ORDER BY 1;

-- rollup by store and status (redshift)
SELECT store_key, order_status, COUNT(*) AS n FROM fact_orders GROUP BY ROLLUP (store_key, order_status) ORDER BY 1, 2;

-- grouping sets (redshift)
SELECT store_key, channel_key, SUM(net_amount) AS revenue FROM fact_orders GROUP BY GROUPING SETS ((store_key), (channel_key)) ORDER BY 1, 2;

-- customers of two channels (redshift)
SELECT COUNT(*) FROM (SELECT customer_key FROM fact_orders WHERE channel_key = 1 INTERSECT SELECT customer_key FROM fact_orders WHERE channel_key = 2) t;

-- customers of one channel (redshift)
SELECT COUNT(*) FROM (SELECT customer_key FROM fact_orders WHERE channel_key = 1 EXCEPT SELECT customer_key FROM fact_orders WHERE channel_key = 2) t;

-- semi join (redshift)
SELECT COUNT(*) FROM dim_customer c LEFT SEMI JOIN fact_orders o ON o.customer_key = c.customer_key;

-- anti join (redshift)
SELECT COUNT(*) FROM dim_customer c LEFT ANTI JOIN fact_orders o ON o.customer_key = c.customer_key;

-- orders with a subquery (redshift)
SELECT COUNT(*) FROM fact_orders WHERE net_amount > (SELECT AVG(net_amount) FROM fact_orders);

-- orders in a list (redshift)
SELECT order_status, COUNT(*) FROM fact_orders WHERE order_status IN (90, 91) GROUP BY order_status ORDER BY 1;

-- existing coupons (redshift)
SELECT COUNT(*) FROM fact_orders o WHERE EXISTS (SELECT 1 FROM fact_coupon_usage u WHERE u.order_key = o.order_key);

-- with entries (redshift)
WITH r AS (SELECT store_key, SUM(net_amount) AS revenue FROM fact_orders GROUP BY store_key) SELECT s.store_name, r.revenue, r.revenue / (SELECT SUM(revenue) FROM r) AS share FROM r JOIN dim_store s ON s.store_key = r.store_key ORDER BY share DESC;

-- discount rate (redshift)
SELECT channel_key, SUM(discount_amount) / SUM(gross_amount) AS rate FROM fact_orders GROUP BY channel_key ORDER BY 1;

-- orders by number of items (redshift)
SELECT item_count, COUNT(*) AS n FROM fact_orders GROUP BY item_count HAVING n > 5 ORDER BY item_count;

-- distinct pairs (redshift)
SELECT COUNT(DISTINCT store_key, customer_key) AS pairs FROM fact_orders;

-- text of keys (redshift)
SELECT CONCAT('S', LPAD(CAST(store_key AS STRING), 4, '0')) AS code FROM dim_store ORDER BY 1;

-- null to zero (redshift)
SELECT SUM(IFNULL(tax_amount, 0)) AS tax, SUM(NVL(tax_amount, 1)) AS ones FROM fact_orders;

-- dates moved (redshift)
SELECT store_name, MONTHS_ADD(opening_date, 6) AS half, YEARS_ADD(opening_date, 1) AS year_later FROM dim_store ORDER BY 1;

-- last days (redshift)
SELECT LAST_DAY(opening_date) AS d, COUNT(*) FROM dim_store GROUP BY d ORDER BY d;

-- week and weekday (redshift)
SELECT WEEKOFYEAR(full_date) AS w, WEEKDAY(full_date) AS wd FROM dim_date WHERE date_key BETWEEN 20260201 AND 20260214 ORDER BY date_key;

-- names of days and months (redshift)
SELECT DAYNAME(full_date) AS d, MONTHNAME(full_date) AS m FROM dim_date WHERE date_key BETWEEN 20260201 AND 20260207 ORDER BY date_key;

-- approximate customers (redshift)
SELECT APPROX_COUNT_DISTINCT(customer_key) AS customers FROM fact_orders;

-- percentiles of tickets (redshift)
SELECT PERCENTILE(net_amount, 0.5) AS median FROM fact_orders;

-- role: data_engineer
-- source: aws-luckyus-salesorder-rw

-- orders by store and channel (salesorder)
SELECT shop_id, order_channel, COUNT(*) AS n FROM t_sales_order_m GROUP BY shop_id, order_channel ORDER BY 1, 2;

-- orders by minute bucket (salesorder)
SELECT HOUR(order_time) AS h, FLOOR(MINUTE(order_time) / 20) AS part, COUNT(*) FROM t_sales_order_m GROUP BY h, part ORDER BY 1, 2;

-- orders of an interval (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE order_time BETWEEN '2026-02-12 08:00:00' AND '2026-02-12 11:00:00';

-- orders by truncated hour (salesorder)
SELECT DATE_TRUNC(order_time, 'hour') AS h, COUNT(*) FROM t_sales_order_m GROUP BY h ORDER BY h;

-- shares by status (salesorder)
SELECT order_status, COUNT(*) / SUM(COUNT(*)) OVER () AS share FROM t_sales_order_m GROUP BY order_status ORDER BY 1;

-- average of a condition (salesorder)
SELECT shop_id, AVG(order_status = 91) AS refunds FROM t_sales_order_m GROUP BY shop_id ORDER BY 1;

-- customers with several orders (salesorder)
SELECT user_no, COUNT(*) AS n, SUM(pay_amount) AS spent FROM t_sales_order_m GROUP BY user_no HAVING COUNT(*) > 2 ORDER BY n DESC, user_no LIMIT 20;

-- first orders (salesorder)
SELECT user_no, MIN(order_time) AS first_order FROM t_sales_order_m GROUP BY user_no ORDER BY 2, 1 LIMIT 20;

-- gaps between orders (salesorder)
SELECT shop_id, MAX(gap) AS longest FROM (SELECT shop_id, TIMESTAMPDIFF(MINUTE, LAG(order_time, 1, NULL) OVER (PARTITION BY shop_id ORDER BY order_time, order_id), order_time) AS gap FROM t_sales_order_m) t GROUP BY shop_id ORDER BY 1;

-- products in several orders (salesorder)
SELECT product_name, COUNT(DISTINCT order_id) AS orders, SUM(quantity) AS pieces FROM t_order_item GROUP BY product_name ORDER BY pieces DESC, 1;

-- joined lines (salesorder)
SELECT o.shop_id, SUM(i.item_amount) AS gross FROM t_sales_order_m o JOIN t_order_item i ON i.order_id = o.order_id GROUP BY o.shop_id ORDER BY 1;

-- remarks by first letters (salesorder)
SELECT LEFT(remark, 5) AS r, COUNT(*) FROM t_sales_order_m WHERE remark IS NOT NULL GROUP BY r ORDER BY 2 DESC, 1 LIMIT 10;

-- status names by CASE (salesorder)
SELECT CASE order_status WHEN 90 THEN 'completed' ELSE 'other' END AS s, COUNT(*) FROM t_sales_order_m GROUP BY s ORDER BY s;

-- orders since a month ago (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE order_time >= MONTHS_SUB('2026-02-15', 1);

-- unix seconds (salesorder)
SELECT MAX(UNIX_TIMESTAMP(order_time)) - MIN(UNIX_TIMESTAMP(order_time)) AS seconds FROM t_sales_order_m;

-- role: data_engineer
-- source: aws-luckyus-salescrm-rw

-- accounts by group (salescrm)
SELECT group_no, COUNT(*) AS n FROM t_user GROUP BY group_no ORDER BY n DESC, group_no;

-- domains of addresses (salescrm)
SELECT SUBSTRING_INDEX(email, '@', -1) AS domain, COUNT(*) AS n FROM t_user GROUP BY domain ORDER BY n DESC, domain;

-- gender by group (salescrm)
SELECT u.group_no, p.gender, COUNT(*) FROM t_user u LEFT JOIN t_user_profile p ON p.user_no = u.user_no GROUP BY u.group_no, p.gender ORDER BY 1, 2;

-- registrations by weekday (salescrm)
SELECT DAYOFWEEK(register_time) AS d, COUNT(*) FROM t_user GROUP BY d ORDER BY d;

-- accounts as JSON (salescrm)
SELECT JSON_OBJECT('user', user_no, 'group', group_no) AS j FROM t_user ORDER BY user_no LIMIT 3;

-- tails of numbers (salescrm)
SELECT RIGHT(phone, 4) AS tail, COUNT(*) FROM t_user GROUP BY tail ORDER BY 2 DESC, 1 LIMIT 10;

-- role: data_engineer
-- source: aws-luckyus-scm-shopstock-rw

-- stock by store (scm-shopstock)
SELECT shop_dept_id, SUM(stock_quantity) AS q FROM t_shop_goods_stock GROUP BY shop_dept_id ORDER BY 1;

-- changes by day (scm-shopstock)
SELECT DATE(change_time) AS d, change_type, SUM(quantity_change) AS q FROM t_stock_change GROUP BY d, change_type ORDER BY 1, 2;

-- last balance (scm-shopstock)
SELECT shop_dept_id, goods_mid, MAX_BY(running_balance, change_id) AS balance FROM t_stock_change GROUP BY shop_dept_id, goods_mid ORDER BY 1, 2 LIMIT 100;

-- greatest fall (scm-shopstock)
SELECT goods_mid, MIN(quantity_change) AS fall FROM t_stock_change GROUP BY goods_mid ORDER BY fall, goods_mid LIMIT 10;
