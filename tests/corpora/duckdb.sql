-- corpus: duckdb
-- dialect: duckdb
-- origin: written for this project from what people ask of this fleet
-- licence: Apache-2.0

-- role: data_engineer
-- source: aws-luckyus-salesorder-rw

-- from first (salesorder)
FROM t_sales_order_m SELECT shop_id, COUNT(*) AS n GROUP BY shop_id ORDER BY shop_id;

-- group by all (salesorder)
SELECT shop_id, order_channel, COUNT(*) AS n FROM t_sales_order_m GROUP BY ALL ORDER BY ALL;

-- group by all with an expression (salesorder)
SELECT date_trunc('day', order_time) AS d, SUM(pay_amount) AS revenue FROM t_sales_order_m GROUP BY ALL ORDER BY d;

-- aliases in where (salesorder)
SELECT pay_amount - discount_amount AS net, order_no FROM t_sales_order_m WHERE net > 20 ORDER BY order_no;

-- aliases of the same select (salesorder)
SELECT order_no, total_amount - pay_amount AS saved, saved / NULLIF(total_amount, 0) AS share FROM t_sales_order_m ORDER BY order_no LIMIT 20;

-- exclude columns (salesorder)
SELECT * EXCLUDE (remark, tax_amount) FROM t_sales_order_m ORDER BY order_id LIMIT 5;

-- replace a column (salesorder)
SELECT * REPLACE (ROUND(pay_amount) AS pay_amount) FROM t_sales_order_m ORDER BY order_id LIMIT 5;

-- quantiles of tickets (salesorder)
SELECT shop_id, MEDIAN(pay_amount) AS p50, QUANTILE_CONT(pay_amount, 0.9) AS p90 FROM t_sales_order_m GROUP BY shop_id ORDER BY shop_id;

-- discrete quantile (salesorder)
SELECT QUANTILE_DISC(pay_amount, 0.25) AS q1, QUANTILE_DISC(pay_amount, 0.75) AS q3 FROM t_sales_order_m;

-- the store that takes most (salesorder)
SELECT ARG_MAX(shop_id, revenue) AS best, ARG_MIN(shop_id, revenue) AS worst FROM (SELECT shop_id, SUM(pay_amount) AS revenue FROM t_sales_order_m GROUP BY shop_id) t;

-- the order number of the highest ticket (salesorder)
SELECT shop_id, MAX_BY(order_no, pay_amount) AS no, MAX(pay_amount) AS paid FROM t_sales_order_m WHERE pay_amount > 30 GROUP BY shop_id ORDER BY shop_id;

-- count if (salesorder)
SELECT shop_id, COUNT_IF(order_status = 91) AS refunds FROM t_sales_order_m GROUP BY shop_id ORDER BY 1;

-- filter clause (salesorder)
SELECT SUM(pay_amount) FILTER (order_channel = 'pickup') AS pickup, COUNT(*) FILTER (WHERE order_status = 99) AS cancelled FROM t_sales_order_m;

-- qualify the latest (salesorder)
SELECT shop_id, order_no, order_time FROM t_sales_order_m QUALIFY ROW_NUMBER() OVER (PARTITION BY shop_id ORDER BY order_time DESC, order_id DESC) = 1 ORDER BY shop_id;

-- qualify three best (salesorder)
SELECT shop_id, order_no FROM t_sales_order_m WHERE order_status = 90 QUALIFY RANK() OVER (PARTITION BY shop_id ORDER BY pay_amount DESC, order_id) <= 3 ORDER BY ALL;

-- time buckets (salesorder)
SELECT TIME_BUCKET(INTERVAL 30 MINUTE, order_time) AS slot, COUNT(*) AS n FROM t_sales_order_m GROUP BY slot ORDER BY slot;

-- text of times (salesorder)
SELECT STRFTIME(order_time, '%Y-%m-%d') AS d, COUNT(*) FROM t_sales_order_m GROUP BY d ORDER BY d;

-- weekday and name (salesorder)
SELECT DAYNAME(order_time) AS wd, ISODOW(order_time) AS no, COUNT(*) FROM t_sales_order_m GROUP BY ALL ORDER BY no;

-- week of the year (salesorder)
SELECT WEEK(order_time) AS w, YEARWEEK(order_time) AS yw, COUNT(*) FROM t_sales_order_m GROUP BY ALL ORDER BY ALL;

-- difference in hours (salesorder)
SELECT DATE_DIFF('hour', MIN(order_time), MAX(order_time)) AS hours FROM t_sales_order_m;

-- epoch seconds (salesorder)
SELECT MAX(EPOCH(order_time)) - MIN(EPOCH(order_time)) AS seconds FROM t_sales_order_m;

-- orders of the last day (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE order_time > NOW()::TIMESTAMP - INTERVAL 1 DAY;

-- today and before (salesorder)
SELECT SUM(CASE WHEN order_time::DATE = CURRENT_DATE - 1 THEN 1 ELSE 0 END) AS yesterday, COUNT(*) AS n FROM t_sales_order_m;

-- end of the month (salesorder)
SELECT LAST_DAY(order_time::DATE) AS d, COUNT(*) FROM t_sales_order_m GROUP BY d;

-- list of statuses (salesorder)
SELECT shop_id, LIST(DISTINCT order_status ORDER BY order_status) AS statuses FROM t_sales_order_m GROUP BY shop_id ORDER BY shop_id;

-- list as text (salesorder)
SELECT order_id, ARRAY_TO_STRING(LIST(spu_code ORDER BY spu_code), '+') AS basket FROM t_order_item GROUP BY order_id ORDER BY order_id LIMIT 20;

-- baskets, the most usual (salesorder)
SELECT basket, COUNT(*) AS n FROM (SELECT order_id, STRING_AGG(spu_code, '+' ORDER BY spu_code) AS basket FROM t_order_item GROUP BY order_id) t GROUP BY basket ORDER BY n DESC, basket LIMIT 10;

-- mode of a group (salesorder)
SELECT shop_id, MODE(order_channel) AS usual FROM t_sales_order_m GROUP BY shop_id ORDER BY shop_id;

-- semi join (salesorder)
SELECT COUNT(*) FROM t_sales_order_m o SEMI JOIN t_order_item i ON i.order_id = o.order_id AND i.quantity > 1;

-- anti join (salesorder)
SELECT COUNT(*) FROM t_sales_order_m o ANTI JOIN t_order_item i ON i.order_id = o.order_id;

-- asof join to the order before (salesorder)
SELECT a.order_no, b.order_no AS before_it FROM t_sales_order_m a ASOF JOIN t_sales_order_m b ON a.shop_id = b.shop_id AND a.order_time > b.order_time WHERE a.order_id < 100000050 ORDER BY 1, 2;

-- positional numbers (salesorder)
SELECT row_number() OVER () > 0 AS ok, COUNT(*) OVER () AS n FROM t_sales_order_m LIMIT 1;

-- integer division (salesorder)
SELECT order_id // 100 AS hundreds, COUNT(*) AS n FROM t_sales_order_m GROUP BY 1 ORDER BY 1;

-- power operator (salesorder)
SELECT SUM(quantity ** 2) AS squares FROM t_order_item;

-- product of factors (salesorder)
SELECT ROUND(PRODUCT(1 + discount_amount / 1000), 6) AS p FROM t_sales_order_m WHERE shop_id = 10001;

-- correlation (salesorder)
SELECT ROUND(CORR(total_amount, pay_amount), 9) AS r, ROUND(COVAR_POP(total_amount, pay_amount), 6) AS cov FROM t_sales_order_m;

-- first and last of a group (salesorder)
SELECT shop_id, FIRST(order_no ORDER BY order_time, order_id) AS first_no, LAST(order_no ORDER BY order_time, order_id) AS last_no FROM t_sales_order_m GROUP BY shop_id ORDER BY shop_id;

-- try cast (salesorder)
SELECT COUNT(TRY_CAST(order_no AS BIGINT)) AS numbers, COUNT(*) AS n FROM t_sales_order_m;

-- regular expressions (salesorder)
SELECT COUNT(*) FILTER (REGEXP_MATCHES(shop_name, '^[A-M]')) AS a_to_m, COUNT(*) AS n FROM t_sales_order_m;

-- part by expression (salesorder)
SELECT DISTINCT REGEXP_EXTRACT(shop_name, '([A-Za-z]+)', 1) AS word FROM t_sales_order_m ORDER BY 1;

-- starts and ends (salesorder)
SELECT COUNT(*) FILTER (STARTS_WITH(shop_name, 'B')) AS b, COUNT(*) FILTER (SUFFIX(shop_name, 'St')) AS st, COUNT(*) FILTER (CONTAINS(shop_name, ' ')) AS blank FROM t_sales_order_m;

-- split text (salesorder)
SELECT SPLIT_PART(shop_name, ' ', 1) AS first_word, COUNT(*) FROM t_sales_order_m GROUP BY 1 ORDER BY 1;

-- words of a name (salesorder)
SELECT DISTINCT ARRAY_LENGTH(STRING_SPLIT(shop_name, ' ')) AS words FROM t_sales_order_m ORDER BY 1;

-- unions by name (salesorder)
SELECT shop_id, COUNT(*) AS n FROM t_sales_order_m GROUP BY shop_id UNION ALL BY NAME SELECT COUNT(*) AS n, -1 AS shop_id FROM t_sales_order_m ORDER BY shop_id;

-- intersect of customers (salesorder)
SELECT COUNT(*) FROM (SELECT user_no FROM t_sales_order_m WHERE shop_id = 10001 INTERSECT SELECT user_no FROM t_sales_order_m WHERE shop_id = 10002) t;

-- rollup of day and store (salesorder)
SELECT order_time::DATE AS d, shop_id, SUM(pay_amount) AS revenue FROM t_sales_order_m GROUP BY ROLLUP (d, shop_id) ORDER BY d NULLS LAST, shop_id NULLS LAST;

-- grouping sets (salesorder)
SELECT shop_id, order_status, COUNT(*) FROM t_sales_order_m GROUP BY GROUPING SETS ((shop_id), (order_status), ()) ORDER BY ALL;

-- window with exclude (salesorder)
SELECT shop_id, n, AVG(n) OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) AS others FROM (SELECT shop_id, COUNT(*) AS n FROM t_sales_order_m GROUP BY shop_id) t ORDER BY n, shop_id;

-- ranks of stores (salesorder)
SELECT shop_id, n, DENSE_RANK() OVER (ORDER BY n DESC) AS d, PERCENT_RANK() OVER (ORDER BY n) AS p FROM (SELECT shop_id, COUNT(*) AS n FROM t_sales_order_m GROUP BY shop_id) t ORDER BY shop_id;

-- lag within a store (salesorder)
SELECT shop_id, AVG(DATE_DIFF('second', before_it, order_time)) AS gap FROM (SELECT shop_id, order_time, LAG(order_time) OVER (PARTITION BY shop_id ORDER BY order_time, order_id) AS before_it FROM t_sales_order_m) t GROUP BY shop_id ORDER BY shop_id;

-- customers by spend in quartiles (salesorder)
SELECT q, COUNT(*) AS customers, SUM(spent) AS spent FROM (SELECT user_no, SUM(pay_amount) AS spent, NTILE(4) OVER (ORDER BY SUM(pay_amount), user_no) AS q FROM t_sales_order_m GROUP BY user_no) t GROUP BY q ORDER BY q;

-- orders as JSON objects (salesorder)
SELECT JSON_OBJECT('no', order_no, 'paid', pay_amount) AS o FROM t_sales_order_m ORDER BY order_no LIMIT 3;

-- struct of a row (salesorder)
SELECT {'store': shop_id, 'n': COUNT(*)} AS s FROM t_sales_order_m GROUP BY shop_id ORDER BY shop_id;

-- list comprehension (salesorder)
SELECT order_id, [x * 2 FOR x IN LIST(quantity)] AS doubled FROM t_order_item GROUP BY order_id ORDER BY order_id LIMIT 3;

-- list functions (salesorder)
SELECT user_no, LIST_SORT(LIST(shop_id)) AS stores, LIST_CONTAINS(LIST(shop_id), 10001) AS in_one FROM t_sales_order_m GROUP BY user_no ORDER BY user_no LIMIT 10;

-- histogram of statuses (salesorder)
SELECT HISTOGRAM(order_status) AS h FROM t_sales_order_m;

-- approximate distinct (salesorder)
SELECT APPROX_COUNT_DISTINCT(user_no) AS users FROM t_sales_order_m;

-- entropy and kurtosis (salesorder)
SELECT ROUND(ENTROPY(order_channel), 6) AS e, ROUND(KURTOSIS(pay_amount), 6) AS k, ROUND(SKEWNESS(pay_amount), 6) AS s FROM t_sales_order_m;

-- mean absolute deviation (salesorder)
SELECT MAD(pay_amount) AS mad FROM t_sales_order_m;

-- range of days (salesorder)
SELECT d.day::DATE AS day, COUNT(o.order_id) AS n FROM (SELECT UNNEST(GENERATE_SERIES(DATE '2026-02-10', DATE '2026-02-15', INTERVAL 1 DAY)) AS day) d LEFT JOIN t_sales_order_m o ON o.order_time::DATE = d.day::DATE GROUP BY ALL ORDER BY ALL;

-- pivot by case (salesorder)
SELECT shop_id, SUM(CASE WHEN ISODOW(order_time) = 4 THEN 1 ELSE 0 END) AS thursday, SUM(CASE WHEN ISODOW(order_time) = 5 THEN 1 ELSE 0 END) AS friday FROM t_sales_order_m GROUP BY shop_id ORDER BY shop_id;

-- lateral best item (salesorder)
SELECT o.order_no, t.product_name FROM t_sales_order_m o, LATERAL (SELECT product_name FROM t_order_item i WHERE i.order_id = o.order_id ORDER BY item_amount DESC, order_item_id LIMIT 1) t ORDER BY o.order_no LIMIT 20;

-- recursive days (salesorder)
WITH RECURSIVE d AS (SELECT DATE '2026-02-11' AS day UNION ALL SELECT (day + INTERVAL 1 DAY)::DATE FROM d WHERE day < DATE '2026-02-14') SELECT day, (SELECT COUNT(*) FROM t_sales_order_m o WHERE o.order_time::DATE = d.day) AS n FROM d ORDER BY day;

-- prefix aliases (salesorder)
SELECT n: COUNT(*), revenue: SUM(pay_amount) FROM t_sales_order_m;

-- limit in percent of rows by window (salesorder)
SELECT COUNT(*) FROM (SELECT PERCENT_RANK() OVER (ORDER BY pay_amount) AS p FROM t_sales_order_m) t WHERE p >= 0.95;

-- null handling (salesorder)
SELECT COALESCE(remark, 'none') AS remark, COUNT(*) AS n FROM t_sales_order_m GROUP BY remark ORDER BY n DESC, 1 LIMIT 10;

-- distinct on (salesorder)
SELECT DISTINCT ON (user_no) user_no, order_no FROM t_sales_order_m ORDER BY user_no, order_time DESC, order_id DESC LIMIT 20;

-- values joined (salesorder)
SELECT v.state, COUNT(o.order_id) AS n FROM (VALUES (90, 'done'), (91, 'back')) v(code, state) JOIN t_sales_order_m o ON o.order_status = v.code GROUP BY ALL ORDER BY ALL;

-- between with dates (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE order_time BETWEEN TIMESTAMP '2026-02-12 08:00:00' AND TIMESTAMP '2026-02-12 12:00:00';

-- star of an alias (salesorder)
SELECT o.* FROM t_sales_order_m AS o WHERE o.order_status = 91 ORDER BY o.order_id LIMIT 5;

-- role: data_engineer
-- source: aws-luckyus-salespayment-rw

-- net by method (salespayment)
SELECT payment_method, SUM(CASE trade_status WHEN 'success' THEN pay_amount WHEN 'refund' THEN -pay_amount END) AS net FROM t_sales_trade_m GROUP BY ALL ORDER BY ALL;

-- states as a list (salespayment)
SELECT order_id, LIST(trade_status ORDER BY trade_time, trade_no) AS states FROM t_sales_trade_m GROUP BY order_id HAVING COUNT(*) > 1 ORDER BY order_id LIMIT 20;

-- fee percentiles (salespayment)
SELECT payment_channel, QUANTILE_CONT(channel_fee, 0.5) AS p50, MAX(channel_fee) AS most FROM t_sales_trade_m WHERE trade_status = 'success' GROUP BY ALL ORDER BY ALL;

-- trades in five minutes (salespayment)
SELECT TIME_BUCKET(INTERVAL 5 MINUTE, trade_time) AS slot, COUNT(*) AS n FROM t_sales_trade_m GROUP BY slot ORDER BY n DESC, slot LIMIT 10;

-- cards with a zero (salespayment)
SELECT COUNT(*) FROM t_sales_trade_m WHERE card_last4 LIKE '0%';

-- failed share by hour (salespayment)
SELECT HOUR(trade_time) AS h, AVG((trade_status = 'failed')::INT) AS failed FROM t_sales_trade_m GROUP BY ALL ORDER BY ALL;

-- ids as numbers (salespayment)
SELECT COUNT(DISTINCT order_id::BIGINT) AS orders, COUNT(DISTINCT order_id) AS texts FROM t_sales_trade_m;

-- longest chain of attempts (salespayment)
SELECT order_id, COUNT(*) AS n FROM t_sales_trade_m GROUP BY ALL ORDER BY n DESC, order_id LIMIT 5;

-- role: data_engineer
-- source: aws-luckyus-salescrm-rw

-- domains shown (salescrm)
SELECT SPLIT_PART(email, '@', 2) AS domain, COUNT(*) AS n FROM t_user GROUP BY ALL ORDER BY n DESC, domain;

-- registrations by quarter (salescrm)
SELECT YEAR(register_time) AS y, QUARTER(register_time) AS q, COUNT(*) FROM t_user GROUP BY ALL ORDER BY ALL;

-- lengths of masked numbers (salescrm)
SELECT LENGTH(phone) AS l, COUNT(*) FROM t_user GROUP BY ALL ORDER BY ALL;

-- completeness (salescrm)
SELECT COUNT(*) AS n, COUNT(gender) AS gender, COUNT(birthday) AS birthday, COUNT(first_name) AS first FROM t_user_profile;

-- groups by share (salescrm)
SELECT group_no, ROUND(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 2) AS pct FROM t_user GROUP BY group_no ORDER BY pct DESC, group_no;

-- newest of each group (salescrm)
SELECT group_no, MAX_BY(user_no, register_time) AS newest FROM (SELECT DISTINCT ON (group_no, register_time) group_no, user_no, register_time FROM t_user ORDER BY group_no, register_time, user_no) t GROUP BY ALL ORDER BY ALL;

-- role: data_engineer
-- source: aws-luckyus-opproduction-rw

-- quantiles by product (opproduction)
SELECT spu_code, QUANTILE_CONT(production_time, 0.95) AS p95, COUNT(*) AS n FROM t_production_order GROUP BY ALL HAVING n > 10 ORDER BY p95 DESC, spu_code;

-- drinks by barista with FILTER (opproduction)
SELECT barista_id, COUNT(*) AS n, COUNT(*) FILTER (production_time > 240) AS slow FROM t_production_order GROUP BY ALL ORDER BY n DESC, barista_id LIMIT 20;

-- load in ten minutes (opproduction)
SELECT TIME_BUCKET(INTERVAL 10 MINUTE, start_time) AS slot, COUNT(*) AS drinks FROM t_production_order WHERE shop_id = 10001 GROUP BY ALL ORDER BY ALL LIMIT 100;

-- overlap of drinks (opproduction)
SELECT MAX(running) AS most FROM (SELECT SUM(step) OVER (ORDER BY at, step) AS running FROM (SELECT start_time AS at, 1 AS step FROM t_production_order WHERE shop_id = 10002 UNION ALL SELECT end_time, -1 FROM t_production_order WHERE shop_id = 10002) e) r;

-- deviation from the store's mean (opproduction)
SELECT production_id, production_time - AVG(production_time) OVER (PARTITION BY shop_id) AS over FROM t_production_order ORDER BY over DESC, production_id LIMIT 20;

-- role: data_engineer
-- source: aws-luckyus-scm-shopstock-rw

-- changes by type and sign (scm-shopstock)
SELECT change_type, SIGN(quantity_change) AS s, COUNT(*) AS n FROM t_stock_change GROUP BY ALL ORDER BY ALL;

-- last change of each article (scm-shopstock)
SELECT shop_dept_id, goods_mid, MAX_BY(running_balance, change_id) AS balance FROM t_stock_change GROUP BY ALL ORDER BY ALL LIMIT 100;

-- articles that ran out (scm-shopstock)
SELECT DISTINCT goods_mid FROM t_stock_change WHERE running_balance <= 0 ORDER BY 1;

-- waste in percent of receipts (scm-shopstock)
SELECT goods_mid, ROUND(-100.0 * SUM(quantity_change) FILTER (change_type = 'waste') / NULLIF(SUM(quantity_change) FILTER (change_type = 'receipt'), 0), 2) AS pct FROM t_stock_change GROUP BY ALL ORDER BY pct DESC NULLS LAST, goods_mid;

-- receipts by hour (scm-shopstock)
SELECT EXTRACT(hour FROM change_time) AS h, COUNT(*) FROM t_stock_change WHERE change_type = 'receipt' GROUP BY ALL ORDER BY ALL;

-- role: data_engineer
-- source: aws-luckyus-isalescdp-rw

-- tags out of JSON (isalescdp)
SELECT tag_data ->> '$.favourite' AS favourite, COUNT(*) AS n FROM t_user_state GROUP BY ALL ORDER BY n DESC, favourite;

-- visits as numbers (isalescdp)
SELECT user_state, AVG((tag_data ->> '$.visits_30d')::INT) AS visits FROM t_user_state GROUP BY ALL ORDER BY ALL;

-- valid JSON (isalescdp)
SELECT JSON_VALID(tag_data) AS ok, JSON_TYPE(tag_data) AS kind, COUNT(*) FROM t_user_state GROUP BY ALL;

-- latest state (isalescdp)
SELECT user_state, COUNT(*) FROM (SELECT user_no, ARG_MAX(user_state, state_id) AS user_state FROM t_user_state GROUP BY user_no) t GROUP BY ALL ORDER BY ALL;

-- changes of state (isalescdp)
SELECT COUNT(*) FROM (SELECT user_no FROM t_user_state GROUP BY user_no HAVING COUNT(DISTINCT user_state) > 1) t;

-- role: data_engineer
-- source: redshift

-- revenue by store and month (redshift)
SELECT s.store_name, d.year, d.month, SUM(f.net_amount) AS revenue FROM fact_orders f JOIN dim_store s USING (store_key) JOIN dim_date d USING (date_key) GROUP BY ALL ORDER BY ALL;

-- baskets by size (redshift)
SELECT item_count, COUNT(*) AS n, SUM(net_amount) AS revenue FROM fact_orders GROUP BY ALL ORDER BY ALL;

-- customers by RFM (redshift)
SELECT rfm_recency_score || rfm_frequency_score || rfm_monetary_score AS rfm, COUNT(*) AS n FROM dim_customer GROUP BY ALL ORDER BY n DESC, rfm LIMIT 20;

-- value by segment (redshift)
SELECT segment, MEDIAN(clv_predicted) AS median, AVG(clv_predicted) AS mean FROM dim_customer GROUP BY ALL ORDER BY ALL;

-- events by hour (redshift)
SELECT event_type, HOUR(event_timestamp) AS h, COUNT(*) FROM fact_user_events GROUP BY ALL ORDER BY ALL;

-- errors in bands (redshift)
SELECT FLOOR(prediction_error) AS e, COUNT(*) FROM fact_demand_predictions WHERE prediction_error IS NOT NULL GROUP BY ALL ORDER BY ALL;

-- best products with QUALIFY (redshift)
SELECT p.category, p.product_name, SUM(i.quantity) AS pieces FROM fact_order_items i JOIN dim_product p USING (product_key) GROUP BY p.category, p.product_name QUALIFY RANK() OVER (PARTITION BY p.category ORDER BY SUM(i.quantity) DESC, p.product_name) <= 2 ORDER BY ALL;

-- store list per borough (redshift)
SELECT borough, LIST(store_name ORDER BY store_name) AS stores FROM dim_store GROUP BY ALL ORDER BY ALL;

-- weekdays in the calendar (redshift)
SELECT day_of_week, COUNT(*) AS n, COUNT_IF(is_holiday) AS holidays FROM dim_date GROUP BY ALL ORDER BY ALL;

-- refunds after sales (redshift)
SELECT COUNT(*) FROM fact_payments r SEMI JOIN fact_payments s ON s.order_key = r.order_key AND s.payment_status = 'success' WHERE r.payment_status = 'refund';

-- orders with coupons (redshift)
SELECT COUNT(*) FROM fact_orders o SEMI JOIN fact_coupon_usage u ON u.order_key = o.order_key;

-- running orders by store (redshift)
SELECT store_key, order_key, SUM(net_amount) OVER (PARTITION BY store_key ORDER BY order_key) AS so_far FROM fact_orders ORDER BY store_key, order_key LIMIT 100;

-- quartiles of durations (redshift)
SELECT store_key, QUANTILE_CONT(duration_seconds, [0.25, 0.5, 0.75]) AS q FROM fact_productions GROUP BY ALL ORDER BY store_key;

-- mart with window (redshift)
SELECT store_name, business_date, revenue, AVG(revenue) OVER (PARTITION BY store_name ORDER BY business_date ROWS 2 PRECEDING) AS mean3 FROM mart_schema.mart_daily_store_revenue ORDER BY 1, 2;

-- role: data_engineer
-- source: aws-luckyus-opshop-rw

-- stores by status and borough (opshop)
SELECT status, borough, COUNT(*) AS n FROM t_shop_info GROUP BY ALL ORDER BY ALL;

-- distance between stores (opshop)
SELECT a.shop_name AS one, b.shop_name AS other, ROUND(SQRT((a.latitude - b.latitude) ** 2 + (a.longitude - b.longitude) ** 2), 5) AS deg FROM t_shop_info a JOIN t_shop_info b ON a.id < b.id ORDER BY deg, a.id, b.id LIMIT 5;

-- age in months (opshop)
SELECT shop_name, DATE_DIFF('month', open_date, DATE '2026-02-15') AS months FROM t_shop_info ORDER BY months DESC, shop_name;

-- words in addresses (opshop)
SELECT LEN(STRING_SPLIT(address, ' ')) AS words, COUNT(*) FROM t_shop_info GROUP BY ALL ORDER BY ALL;

-- role: data_engineer
-- source: aws-luckyus-salesmarketing-rw

-- status by template (salesmarketing)
SELECT template_id, coupon_status, COUNT(*) AS n FROM t_coupon_record GROUP BY ALL ORDER BY ALL;

-- redemption curve (salesmarketing)
SELECT DATE_DIFF('day', receive_time, redeem_time) AS d, COUNT(*) AS n, SUM(COUNT(*)) OVER (ORDER BY DATE_DIFF('day', receive_time, redeem_time)) AS so_far FROM t_coupon_record WHERE redeem_time IS NOT NULL GROUP BY d ORDER BY d;

-- test means (salesmarketing)
SELECT experiment_id, variant, AVG(metric_value) AS mean, COUNT(*) AS n FROM t_ab_test_record GROUP BY ALL ORDER BY ALL;

-- test difference by FILTER (salesmarketing)
SELECT experiment_id, AVG(metric_value) FILTER (variant = 'treatment') - AVG(metric_value) FILTER (variant = 'control') AS diff FROM t_ab_test_record GROUP BY ALL ORDER BY ALL;

-- templates by percent (salesmarketing)
SELECT discount_percent, LIST(template_name ORDER BY template_name) AS names FROM t_coupon_template GROUP BY ALL ORDER BY ALL;

-- role: data_engineer
-- source: aws-luckyus-opempefficiency-rw

-- hours by person (opempefficiency)
SELECT employee_id, ROUND(SUM(DATE_DIFF('minute', clock_in_time, clock_out_time)) / 60, 2) AS hours FROM t_clock_in GROUP BY ALL ORDER BY hours DESC, employee_id LIMIT 20;

-- planned by week (opempefficiency)
SELECT week_start, SUM(planned_hours) AS hours FROM t_schedule GROUP BY ALL ORDER BY ALL;

-- people on shift by hour (opempefficiency)
SELECT h.hour, COUNT(c.clock_id) AS people FROM (VALUES (8), (12), (16), (20)) h(hour) LEFT JOIN t_clock_in c ON HOUR(c.clock_in_time) <= h.hour AND HOUR(c.clock_out_time) > h.hour GROUP BY ALL ORDER BY ALL;

-- role: data_engineer
-- source: aws-luckyus-scm-plan-rw

-- predictions by model (scm-plan)
SELECT model_version, COUNT(*) AS n, AVG(confidence) AS c FROM t_demand_prediction GROUP BY ALL ORDER BY ALL;

-- latest by QUALIFY (scm-plan)
SELECT shop_id, goods_mid, predict_date, predict_qty FROM t_demand_prediction QUALIFY ROW_NUMBER() OVER (PARTITION BY shop_id, goods_mid, predict_date ORDER BY made_date DESC, prediction_id DESC) = 1 ORDER BY ALL LIMIT 100;

-- drift of predictions (scm-plan)
SELECT predict_date - made_date AS ahead, AVG(predict_qty) AS mean FROM t_demand_prediction GROUP BY ALL ORDER BY ALL;
