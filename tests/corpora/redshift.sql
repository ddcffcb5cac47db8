-- corpus: redshift
-- dialect: redshift
-- origin: written for this project from what people ask of this fleet
-- licence: Apache-2.0

-- role: analyst
-- source: redshift

-- orders and revenue by store (redshift)
SELECT s.store_name, COUNT(*) AS orders, SUM(f.net_amount) AS revenue FROM fact_orders f JOIN dim_store s ON s.store_key = f.store_key WHERE f.order_status = 90 GROUP BY s.store_name ORDER BY revenue DESC;

-- revenue by day (redshift)
SELECT d.full_date, SUM(f.net_amount) AS revenue FROM dwh_schema.fact_orders f JOIN dwh_schema.dim_date d ON d.date_key = f.date_key GROUP BY d.full_date ORDER BY d.full_date;

-- revenue by weekday (redshift)
SELECT d.day_of_week, AVG(f.net_amount) AS ticket, COUNT(*) AS orders FROM fact_orders f JOIN dim_date d USING (date_key) GROUP BY d.day_of_week ORDER BY orders DESC, 1;

-- weekend against weekday (redshift)
SELECT d.is_weekend, COUNT(*)::float / COUNT(DISTINCT d.date_key) AS orders_a_day FROM fact_orders f JOIN dim_date d ON d.date_key = f.date_key GROUP BY d.is_weekend;

-- orders at the peak (redshift)
SELECT t.is_peak, t.period, COUNT(*) FROM fact_orders f JOIN dim_time t ON t.time_key = f.time_key GROUP BY t.is_peak, t.period ORDER BY 1, 2;

-- orders by hour (redshift)
SELECT t.hour, COUNT(*) AS n FROM fact_orders f, dim_time t WHERE t.time_key = f.time_key GROUP BY t.hour ORDER BY t.hour;

-- channels (redshift)
SELECT c.channel_name, COUNT(*) AS n, SUM(f.net_amount) AS revenue FROM fact_orders f JOIN dim_channel c ON c.channel_key = f.channel_key GROUP BY c.channel_name;

-- share by RATIO_TO_REPORT (redshift)
SELECT s.store_name, RATIO_TO_REPORT(SUM(f.net_amount)) OVER () AS share FROM fact_orders f JOIN dim_store s ON s.store_key = f.store_key GROUP BY s.store_name ORDER BY share DESC;

-- share by window sum (redshift)
SELECT s.borough, 100.0 * SUM(f.net_amount) / SUM(SUM(f.net_amount)) OVER () AS pct FROM fact_orders f JOIN dim_store s ON s.store_key = f.store_key GROUP BY s.borough ORDER BY 1;

-- median ticket by store (redshift)
SELECT store_key, MEDIAN(net_amount) AS median FROM fact_orders WHERE order_status = 90 GROUP BY store_key ORDER BY store_key;

-- ninetieth percentile of tickets (redshift)
SELECT PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY net_amount) AS p90 FROM fact_orders;

-- approximate customers (redshift)
SELECT APPROXIMATE COUNT(DISTINCT customer_key) AS customers FROM fact_orders;

-- discount by DECODE (redshift)
SELECT DECODE(order_status, 90, 'completed', 91, 'refunded', 99, 'cancelled', 'other') AS state, COUNT(*) FROM fact_orders GROUP BY 1 ORDER BY 1;

-- NVL of missing tax (redshift)
SELECT SUM(NVL(tax_amount, 0)) AS tax FROM fact_orders;

-- NVL2 of missing tax (redshift)
SELECT NVL2(tax_amount, 'known', 'missing') AS tax, COUNT(*) FROM fact_orders GROUP BY 1;

-- loaded since a day (redshift)
SELECT COUNT(*) FROM fact_orders WHERE etl_loaded_at >= DATEADD(day, -3, '2026-02-15');

-- loaded by hour (redshift)
SELECT DATE_TRUNC('hour', etl_loaded_at) AS h, COUNT(*) FROM fact_orders GROUP BY 1 ORDER BY 1;

-- days since the last load (redshift)
SELECT DATEDIFF(day, MAX(etl_loaded_at), '2026-02-15') AS days FROM fact_orders;

-- orders of the last week by GETDATE (redshift)
SELECT COUNT(*) FROM fact_orders f JOIN dim_date d ON d.date_key = f.date_key WHERE d.full_date > DATEADD(week, -1, GETDATE());

-- orders of the current month (redshift)
SELECT COUNT(*) FROM fact_orders f JOIN dim_date d ON d.date_key = f.date_key WHERE d.full_date >= DATE_TRUNC('month', CURRENT_DATE);

-- month as text (redshift)
SELECT TO_CHAR(d.full_date, 'YYYY-MM') AS month, SUM(f.net_amount) FROM fact_orders f JOIN dim_date d ON d.date_key = f.date_key GROUP BY 1 ORDER BY 1;

-- fiscal periods (redshift)
SELECT d.fiscal_period, COUNT(f.order_key) AS orders FROM dim_date d LEFT JOIN fact_orders f ON f.date_key = d.date_key WHERE d.year = 2026 GROUP BY d.fiscal_period ORDER BY 1;

-- quarters of a year (redshift)
SELECT year, quarter, COUNT(*) AS days, SUM(CASE WHEN is_holiday THEN 1 ELSE 0 END) AS holidays FROM dim_date GROUP BY year, quarter ORDER BY year, quarter;

-- calendar weeks (redshift)
SELECT week_number, MIN(full_date) AS first_day, MAX(full_date) AS last_day FROM dim_date WHERE year = 2026 GROUP BY week_number ORDER BY week_number;

-- minutes of the rush (redshift)
SELECT COUNT(*) AS minutes FROM dim_time WHERE is_peak = TRUE;

-- date key arithmetic (redshift)
SELECT date_key / 100 AS ym, COUNT(*) FROM dim_date GROUP BY 1 ORDER BY 1;

-- running revenue (redshift)
SELECT full_date, revenue, SUM(revenue) OVER (ORDER BY full_date ROWS UNBOUNDED PRECEDING) AS so_far FROM (SELECT d.full_date, SUM(f.net_amount) AS revenue FROM fact_orders f JOIN dim_date d ON d.date_key = f.date_key GROUP BY d.full_date) t ORDER BY full_date;

-- growth over the day before (redshift)
SELECT full_date, orders, orders - LAG(orders) OVER (ORDER BY full_date) AS more FROM (SELECT d.full_date, COUNT(*) AS orders FROM fact_orders f JOIN dim_date d ON d.date_key = f.date_key GROUP BY d.full_date) t ORDER BY 1;

-- best store of each day (redshift)
SELECT full_date, store_name, revenue FROM (SELECT d.full_date, s.store_name, SUM(f.net_amount) AS revenue, RANK() OVER (PARTITION BY d.full_date ORDER BY SUM(f.net_amount) DESC) AS rk FROM fact_orders f JOIN dim_date d ON d.date_key = f.date_key JOIN dim_store s ON s.store_key = f.store_key GROUP BY d.full_date, s.store_name) t WHERE rk = 1 ORDER BY 1, 2;

-- best store of each day with QUALIFY (redshift)
SELECT d.full_date, f.store_key, SUM(f.net_amount) AS revenue FROM fact_orders f JOIN dim_date d ON d.date_key = f.date_key GROUP BY d.full_date, f.store_key QUALIFY ROW_NUMBER() OVER (PARTITION BY d.full_date ORDER BY SUM(f.net_amount) DESC, f.store_key) = 1;

-- store maturity (redshift)
SELECT maturity_stage, COUNT(*) AS stores, MIN(opening_date) AS first_opened FROM dim_store GROUP BY maturity_stage ORDER BY 1;

-- revenue per store day by maturity (redshift)
SELECT s.maturity_stage, SUM(f.net_amount) / COUNT(DISTINCT s.store_key || '-' || f.date_key) AS per_day FROM fact_orders f JOIN dim_store s ON s.store_key = f.store_key GROUP BY s.maturity_stage ORDER BY 1;

-- months since opening (redshift)
SELECT store_name, DATEDIFF(month, opening_date, '2026-02-15') AS months FROM dim_store ORDER BY months DESC, store_name;

-- store addresses (redshift)
SELECT store_name, address || ', ' || city || ', ' || state AS place FROM dim_store ORDER BY store_name;

-- zip codes missing (redshift)
SELECT COUNT(*) - COUNT(zip_code) AS missing FROM dim_store;

-- tax zones (redshift)
SELECT tax_zone, LISTAGG(store_name, ', ') WITHIN GROUP (ORDER BY store_name) AS stores FROM dim_store GROUP BY tax_zone ORDER BY 1;

-- items per order (redshift)
SELECT item_count, COUNT(*) FROM fact_orders GROUP BY item_count ORDER BY item_count;

-- gross, discount and net (redshift)
SELECT SUM(gross_amount) AS gross, SUM(discount_amount) AS discount, SUM(net_amount) AS net, SUM(gross_amount - discount_amount - net_amount) AS off FROM fact_orders;

-- discount bands (redshift)
SELECT CASE WHEN discount_amount = 0 THEN 'none' WHEN discount_amount < 2 THEN 'small' ELSE 'large' END AS band, COUNT(*) FROM fact_orders GROUP BY 1 ORDER BY 1;

-- orders that are tests (redshift)
SELECT is_nzd_test, COUNT(*) FROM fact_orders GROUP BY is_nzd_test;

-- order ids as numbers (redshift)
SELECT MIN(order_id::bigint) AS low, MAX(CAST(order_id AS BIGINT)) AS high FROM fact_orders;

-- order numbers by prefix (redshift)
SELECT LEFT(order_no, 2) AS p, LEN(order_no) AS l, COUNT(*) FROM fact_orders GROUP BY 1, 2 ORDER BY 1, 2;

-- products sold (redshift)
SELECT p.product_name, SUM(i.quantity) AS pieces, SUM(i.item_amount) AS gross FROM fact_order_items i JOIN dim_product p ON p.product_key = i.product_key GROUP BY p.product_name ORDER BY pieces DESC, 1;

-- categories by store (redshift)
SELECT s.store_name, p.category, SUM(i.quantity) AS pieces FROM fact_order_items i JOIN fact_orders o ON o.order_key = i.order_key JOIN dim_store s ON s.store_key = o.store_key JOIN dim_product p ON p.product_key = i.product_key GROUP BY s.store_name, p.category ORDER BY 1, 2;

-- margin by category (redshift)
SELECT p.category, SUM(i.quantity * p.contribution_margin) AS margin, SUM(i.item_amount) AS gross, SUM(i.quantity * p.contribution_margin) / NULLIF(SUM(i.item_amount), 0) AS rate FROM fact_order_items i JOIN dim_product p USING (product_key) GROUP BY p.category ORDER BY margin DESC NULLS LAST;

-- prices over the base price (redshift)
SELECT COUNT(*) FROM fact_order_items i JOIN dim_product p ON p.product_key = i.product_key WHERE i.unit_price > p.base_price;

-- price categories (redshift)
SELECT category, subcategory, COUNT(*) AS n, AVG(base_price) AS mean FROM dim_product GROUP BY category, subcategory ORDER BY 1, 2;

-- costs as a share of price (redshift)
SELECT product_name, ROUND(recipe_cost / NULLIF(base_price, 0), 3) AS share FROM dim_product WHERE category <> 'material' ORDER BY share DESC NULLS LAST, product_name;

-- products never sold (redshift)
SELECT p.product_name FROM dim_product p LEFT JOIN fact_order_items i ON i.product_key = p.product_key WHERE i.product_key IS NULL AND p.spu_code IS NOT NULL ORDER BY 1;

-- suppliers by category (redshift)
SELECT category, COUNT(*) AS suppliers, LISTAGG(DISTINCT supplier_name, '; ') WITHIN GROUP (ORDER BY supplier_name) AS names FROM dim_supplier GROUP BY category ORDER BY 1;

-- pairs in a basket (redshift)
SELECT a.product_key, b.product_key AS other, COUNT(*) AS n FROM fact_order_items a JOIN fact_order_items b ON b.order_key = a.order_key AND b.product_key > a.product_key GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20;

-- rollup of category and product (redshift)
SELECT p.category, p.product_name, SUM(i.quantity) AS pieces FROM fact_order_items i JOIN dim_product p ON p.product_key = i.product_key GROUP BY ROLLUP (p.category, p.product_name) ORDER BY 1, 2;

-- cube of store type and channel (redshift)
SELECT s.store_type, c.channel_name, COUNT(*) AS n, GROUPING(s.store_type) AS g FROM fact_orders f JOIN dim_store s ON s.store_key = f.store_key JOIN dim_channel c ON c.channel_key = f.channel_key GROUP BY CUBE (s.store_type, c.channel_name) ORDER BY 1, 2;

-- grouping sets of store and day (redshift)
SELECT store_key, date_key, SUM(net_amount) FROM fact_orders GROUP BY GROUPING SETS ((store_key), (date_key), ()) ORDER BY 1, 2;

-- payments by state (redshift)
SELECT payment_status, COUNT(*), SUM(payment_amount), SUM(fee_amount) FROM fact_payments GROUP BY payment_status ORDER BY 1;

-- refund share by method (redshift)
SELECT payment_method, SUM(CASE WHEN payment_status = 'refund' THEN payment_amount END) / SUM(CASE WHEN payment_status = 'success' THEN payment_amount END) AS share FROM fact_payments GROUP BY payment_method ORDER BY 1;

-- payments by hour (redshift)
SELECT EXTRACT(hour FROM payment_timestamp) AS h, COUNT(*) FROM fact_payments GROUP BY 1 ORDER BY 1;

-- payments by DATE_PART (redshift)
SELECT DATE_PART(dow, payment_timestamp) AS d, COUNT(*) FROM fact_payments GROUP BY 1 ORDER BY 1;

-- orders with several payments (redshift)
SELECT order_key, COUNT(*) AS n FROM fact_payments GROUP BY order_key HAVING COUNT(*) > 1 ORDER BY order_key LIMIT 50;

-- payments in London time (redshift)
SELECT payment_key, CONVERT_TIMEZONE('America/New_York', 'Europe/London', payment_timestamp) AS london FROM fact_payments ORDER BY payment_key LIMIT 10;

-- fees in basis points (redshift)
SELECT payment_method, ROUND(10000 * SUM(fee_amount) / NULLIF(SUM(payment_amount), 0), 1) AS bp FROM fact_payments WHERE payment_status = 'success' GROUP BY payment_method ORDER BY 1;

-- orders not fully paid (redshift)
SELECT o.order_key FROM fact_orders o LEFT JOIN (SELECT order_key, SUM(payment_amount) AS paid FROM fact_payments WHERE payment_status = 'success' GROUP BY order_key) p ON p.order_key = o.order_key WHERE o.order_status = 90 AND NVL(p.paid, 0) < o.net_amount ORDER BY 1 LIMIT 50;

-- minutes between payment and refund (redshift)
SELECT AVG(DATEDIFF(minute, s.payment_timestamp, r.payment_timestamp)) AS minutes FROM fact_payments r JOIN fact_payments s ON s.order_key = r.order_key AND s.payment_status = 'success' WHERE r.payment_status = 'refund';

-- payment by customers of a segment (redshift)
SELECT c.segment, COUNT(*) AS payments, SUM(p.payment_amount) AS amount FROM fact_payments p JOIN dim_customer c ON c.customer_key = p.customer_key WHERE p.payment_status = 'success' GROUP BY c.segment ORDER BY 1;

-- customers by segment (redshift)
SELECT segment, COUNT(*) AS customers, AVG(clv_predicted) AS value, AVG(churn_risk_score) AS risk FROM dim_customer GROUP BY segment ORDER BY 1;

-- RFM cells (redshift)
SELECT rfm_recency_score, rfm_frequency_score, COUNT(*) AS customers, SUM(total_spend) AS spend FROM dim_customer GROUP BY 1, 2 ORDER BY 1, 2;

-- RFM as one number (redshift)
SELECT rfm_recency_score * 100 + rfm_frequency_score * 10 + rfm_monetary_score AS rfm, COUNT(*) FROM dim_customer GROUP BY 1 ORDER BY 1;

-- customers without an order (redshift)
SELECT COUNT(*) FROM dim_customer WHERE first_order_date IS NULL;

-- days to the first order (redshift)
SELECT DATEDIFF(day, registration_date, first_order_date) AS days, COUNT(*) FROM dim_customer WHERE first_order_date IS NOT NULL GROUP BY 1 ORDER BY 1;

-- lapsed for two days (redshift)
SELECT COUNT(*) FROM dim_customer WHERE last_order_date < DATEADD(day, -2, '2026-02-15');

-- deciles of value (redshift)
SELECT decile, MIN(clv_predicted) AS low, MAX(clv_predicted) AS high FROM (SELECT clv_predicted, NTILE(10) OVER (ORDER BY clv_predicted, customer_key) AS decile FROM dim_customer) t GROUP BY decile ORDER BY decile;

-- risk in tens (redshift)
SELECT FLOOR(churn_risk_score / 10) * 10 AS risk, COUNT(*) FROM dim_customer GROUP BY 1 ORDER BY 1;

-- top customers (redshift)
SELECT user_no, total_orders, total_spend FROM dim_customer ORDER BY total_spend DESC, user_no LIMIT 25;

-- spend per order (redshift)
SELECT segment, SUM(total_spend) / NULLIF(SUM(total_orders), 0) AS per_order FROM dim_customer GROUP BY segment ORDER BY 1;

-- registrations by month (redshift)
SELECT DATE_TRUNC('month', registration_date) AS month, COUNT(*) FROM dim_customer GROUP BY 1 ORDER BY 1;

-- customers as in facts and dimension (redshift)
SELECT COUNT(*) FROM dim_customer c JOIN (SELECT customer_key, COUNT(*) AS n FROM fact_orders WHERE order_status = 90 GROUP BY customer_key) o ON o.customer_key = c.customer_key WHERE o.n <> c.total_orders;

-- share of customers who make most revenue (redshift)
SELECT COUNT(*) FROM (SELECT customer_key, SUM(SUM(net_amount)) OVER (ORDER BY SUM(net_amount) DESC, customer_key ROWS UNBOUNDED PRECEDING) / SUM(SUM(net_amount)) OVER () AS so_far FROM fact_orders GROUP BY customer_key) t WHERE so_far <= 0.5;

-- events by type (redshift)
SELECT event_type, COUNT(*) AS n, COUNT(DISTINCT customer_key) AS customers FROM fact_user_events GROUP BY event_type ORDER BY 1;

-- favourites of events (redshift)
SELECT JSON_EXTRACT_PATH_TEXT(event_properties, 'favourite') AS favourite, COUNT(*) FROM fact_user_events GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10;

-- events by day (redshift)
SELECT TRUNC(event_timestamp) AS d, COUNT(*) FROM fact_user_events GROUP BY 1 ORDER BY 1;

-- event after event (redshift)
SELECT event_type, next_type, COUNT(*) FROM (SELECT event_type, LEAD(event_type) OVER (PARTITION BY customer_key ORDER BY event_timestamp, user_event_key) AS next_type FROM fact_user_events) t GROUP BY 1, 2 ORDER BY 1, 2;

-- funnel of browse and order (redshift)
SELECT COUNT(DISTINCT b.customer_key) AS browsed, COUNT(DISTINCT o.customer_key) AS ordered FROM fact_user_events b LEFT JOIN fact_user_events o ON o.customer_key = b.customer_key AND o.event_type = 'order' AND o.event_timestamp >= b.event_timestamp WHERE b.event_type = 'browse';

-- experiments by variant (redshift)
SELECT experiment_id, variant, COUNT(*) AS n, AVG(metric_value) AS mean, STDDEV_SAMP(metric_value) AS sd FROM fact_experiments GROUP BY 1, 2 ORDER BY 1, 2;

-- difference of means (redshift)
SELECT experiment_id, AVG(CASE WHEN variant = 'treatment' THEN metric_value END) - AVG(CASE WHEN variant = 'control' THEN metric_value END) AS diff FROM fact_experiments GROUP BY 1 ORDER BY 1;

-- assignments by week (redshift)
SELECT DATE_TRUNC('week', assigned_at) AS w, COUNT(*) FROM fact_experiments GROUP BY 1 ORDER BY 1;

-- coupons by status (redshift)
SELECT status, COUNT(*) AS n, SUM(discount_amount) AS usd FROM fact_coupon_usage GROUP BY status ORDER BY 1;

-- redemption by template (redshift)
SELECT t.template_name, SUM(CASE WHEN u.status = 'redeemed' THEN 1 ELSE 0 END)::float / COUNT(*) AS rate FROM fact_coupon_usage u JOIN dim_coupon_template t ON t.coupon_template_key = u.coupon_template_key GROUP BY 1 ORDER BY 2 DESC, 1;

-- hours until redemption (redshift)
SELECT AVG(DATEDIFF(hour, distributed_at, redeemed_at)) AS hours FROM fact_coupon_usage WHERE redeemed_at IS NOT NULL;

-- coupon orders against others (redshift)
SELECT CASE WHEN u.order_key IS NULL THEN 'plain' ELSE 'coupon' END AS kind, COUNT(*) AS orders, AVG(o.net_amount) AS ticket FROM fact_orders o LEFT JOIN (SELECT DISTINCT order_key FROM fact_coupon_usage WHERE order_key IS NOT NULL) u ON u.order_key = o.order_key GROUP BY 1 ORDER BY 1;

-- preparation by store (redshift)
SELECT s.store_name, AVG(p.duration_seconds) AS mean, MEDIAN(p.duration_seconds) AS median, MAX(p.duration_seconds) AS slowest FROM fact_productions p JOIN dim_store s ON s.store_key = p.store_key GROUP BY s.store_name ORDER BY 1;

-- preparation by product category (redshift)
SELECT d.category, AVG(p.duration_seconds) AS mean, COUNT(*) AS drinks FROM fact_productions p JOIN dim_product d ON d.product_key = p.product_key GROUP BY d.category ORDER BY 1;

-- durations that disagree (redshift)
SELECT COUNT(*) FROM fact_productions WHERE DATEDIFF(second, start_time, end_time) <> duration_seconds;

-- baristas by drinks (redshift)
SELECT barista_id, COUNT(*) AS drinks, AVG(duration_seconds) AS mean FROM fact_productions GROUP BY barista_id ORDER BY drinks DESC, barista_id LIMIT 20;

-- drinks by half hour (redshift)
SELECT DATE_TRUNC('hour', start_time) AS h, CASE WHEN DATE_PART(minute, start_time) < 30 THEN 0 ELSE 30 END AS half, COUNT(*) FROM fact_productions GROUP BY 1, 2 ORDER BY 1, 2;

-- slow drinks by hour (redshift)
SELECT DATE_PART(hour, start_time) AS h, SUM(CASE WHEN duration_seconds > 240 THEN 1 ELSE 0 END) AS slow FROM fact_productions GROUP BY 1 ORDER BY 1;

-- devices by state (redshift)
SELECT device_type, device_status, COUNT(*) FROM dim_device GROUP BY 1, 2 ORDER BY 1, 2;

-- devices offline by store (redshift)
SELECT s.store_name, SUM(DECODE(d.device_status, 'offline', 1, 0)) AS offline, COUNT(*) AS n FROM dim_device d JOIN dim_store s ON s.store_key = d.store_key GROUP BY s.store_name ORDER BY offline DESC, 1;

-- events of devices (redshift)
SELECT event_type, device_status, COUNT(*) FROM fact_iot_events GROUP BY 1, 2 ORDER BY 1, 2;

-- cups by device (redshift)
SELECT d.device_mark, COUNT(e.iot_event_key) AS events FROM dim_device d LEFT JOIN fact_iot_events e ON e.device_key = d.device_key GROUP BY d.device_mark ORDER BY events DESC, 1 LIMIT 30;

-- stock changes by type (redshift)
SELECT change_type, SUM(quantity_change) AS total, COUNT(*) AS n FROM fact_stock_changes GROUP BY change_type ORDER BY 1;

-- waste by product (redshift)
SELECT p.product_name, -SUM(c.quantity_change) AS wasted FROM fact_stock_changes c JOIN dim_product p ON p.product_key = c.product_key WHERE c.change_type = 'waste' GROUP BY p.product_name ORDER BY wasted DESC, 1;

-- waste cost by store (redshift)
SELECT s.store_name, ROUND(-SUM(c.quantity_change * p.base_price), 2) AS cost FROM fact_stock_changes c JOIN dim_product p ON p.product_key = c.product_key JOIN dim_store s ON s.store_key = c.store_key WHERE c.change_type = 'waste' GROUP BY s.store_name ORDER BY cost DESC, 1;

-- stock below zero (redshift)
SELECT COUNT(*) FROM fact_stock_changes WHERE running_balance < 0;

-- forecast error by version (redshift)
SELECT model_version, AVG(ABS(prediction_error)) AS mae, AVG(prediction_error) AS bias, SQRT(AVG(prediction_error * prediction_error)) AS rmse FROM fact_demand_predictions WHERE actual_quantity IS NOT NULL GROUP BY model_version ORDER BY 1;

-- forecast error by weekday (redshift)
SELECT d.day_of_week, AVG(ABS(f.prediction_error)) AS mae FROM fact_demand_predictions f JOIN dim_date d ON d.date_key = f.date_key WHERE f.actual_quantity IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1;

-- forecast and actual by store (redshift)
SELECT s.store_name, SUM(f.predicted_quantity) AS predicted, SUM(f.actual_quantity) AS actual, SUM(f.predicted_quantity) / NULLIF(SUM(f.actual_quantity), 0) - 1 AS over FROM fact_demand_predictions f JOIN dim_store s ON s.store_key = f.store_key GROUP BY 1 ORDER BY 1;

-- worst forecasts (redshift)
SELECT store_key, product_key, date_key, prediction_error FROM fact_demand_predictions WHERE prediction_error IS NOT NULL ORDER BY ABS(prediction_error) DESC, prediction_key LIMIT 20;

-- staff by position and store (redshift)
SELECT s.store_name, e.position, COUNT(*) FROM dim_employee e JOIN dim_store s ON s.store_key = e.store_key GROUP BY 1, 2 ORDER BY 1, 2;

-- years of service (redshift)
SELECT position, AVG(DATEDIFF(day, hire_date, '2026-02-15') / 365.25) AS years FROM dim_employee GROUP BY position ORDER BY 1;

-- hired by quarter (redshift)
SELECT DATE_PART(year, hire_date) AS y, DATE_PART(quarter, hire_date) AS q, COUNT(*) FROM dim_employee GROUP BY 1, 2 ORDER BY 1, 2;

-- drinks per employee (redshift)
SELECT s.store_name, COUNT(DISTINCT p.production_key)::numeric / NULLIF(COUNT(DISTINCT e.employee_key), 0) AS per_head FROM dim_store s LEFT JOIN dim_employee e ON e.store_key = s.store_key LEFT JOIN fact_productions p ON p.store_key = s.store_key GROUP BY s.store_name ORDER BY 1;

-- revenue mart by store (redshift)
SELECT store_name, SUM(orders) AS orders, SUM(revenue) AS revenue FROM mart_schema.mart_daily_store_revenue GROUP BY store_name ORDER BY revenue DESC;

-- revenue mart by day (redshift)
SELECT business_date, SUM(revenue) AS revenue, SUM(items) AS items FROM mart_schema.mart_daily_store_revenue GROUP BY business_date ORDER BY business_date;

-- revenue mart, best day of each store (redshift)
SELECT store_name, business_date, revenue FROM (SELECT store_name, business_date, revenue, ROW_NUMBER() OVER (PARTITION BY store_name ORDER BY revenue DESC, business_date) AS rn FROM mart_schema.mart_daily_store_revenue) t WHERE rn = 1 ORDER BY store_name;

-- health mart (redshift)
SELECT segment, SUM(customers) AS customers, SUM(spend) / NULLIF(SUM(customers), 0) AS each FROM mart_schema.mart_customer_health GROUP BY segment ORDER BY 1;

-- product mart by category (redshift)
SELECT category, SUM(pieces) AS pieces, SUM(gross_amount) AS gross FROM mart_schema.mart_product_mix GROUP BY category ORDER BY gross DESC;

-- product mart, top of each store (redshift)
SELECT store_name, product_name, pieces FROM (SELECT store_name, product_name, pieces, RANK() OVER (PARTITION BY store_name ORDER BY pieces DESC, product_name) AS rk FROM mart_schema.mart_product_mix) t WHERE rk <= 3 ORDER BY 1, 3 DESC, 2;

-- mart beside facts (redshift)
SELECT m.revenue AS mart, f.revenue AS facts FROM (SELECT SUM(revenue) AS revenue FROM mart_schema.mart_daily_store_revenue) m CROSS JOIN (SELECT SUM(net_amount) AS revenue FROM fact_orders WHERE order_status = 90) f;

-- names with ILIKE (redshift)
SELECT store_name FROM dim_store WHERE store_name ILIKE '%park%' OR store_name ILIKE '%square%' ORDER BY 1;

-- names by pattern (redshift)
SELECT DISTINCT product_name FROM dim_product WHERE product_name ~ 'Latte' OR product_name SIMILAR TO '%(Tea|Mocha)%' ORDER BY 1;

-- first word of products (redshift)
SELECT SPLIT_PART(product_name, ' ', 1) AS word, COUNT(*) FROM dim_product GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20;

-- length of names (redshift)
SELECT MAX(LEN(product_name)) AS longest, MIN(LENGTH(product_name)) AS shortest FROM dim_product;

-- replaced words (redshift)
SELECT REPLACE(store_name, ' ', '_') AS s, CHARINDEX(' ', store_name) AS blank FROM dim_store ORDER BY 1;

-- padded keys (redshift)
SELECT LPAD(store_key::varchar, 5, '0') AS k FROM dim_store ORDER BY 1;

-- trimmed and capital (redshift)
SELECT DISTINCT UPPER(TRIM(channel_name)) AS c, INITCAP(channel_name) AS i FROM dim_channel ORDER BY 1;

-- greatest of dates (redshift)
SELECT user_no, GREATEST(first_order_date, registration_date) AS later FROM dim_customer WHERE first_order_date IS NOT NULL ORDER BY user_no LIMIT 20;

-- dates moved by months (redshift)
SELECT store_name, DATEADD(month, 6, opening_date) AS half_year, LAST_DAY(opening_date) AS month_end FROM dim_store ORDER BY 1;

-- numbers rounded down and up (redshift)
SELECT SUM(FLOOR(net_amount)) AS down, SUM(CEILING(net_amount)) AS up, SUM(ROUND(net_amount, 1)) AS one FROM fact_orders;

-- modulo of keys (redshift)
SELECT MOD(order_key, 5) AS bucket, COUNT(*) FROM fact_orders GROUP BY 1 ORDER BY 1;

-- top with FETCH of TOP (redshift)
SELECT TOP 5 store_name FROM dim_store ORDER BY store_name;

-- union of dimensions (redshift)
SELECT 'stores' AS what, COUNT(*) AS n FROM dim_store UNION ALL SELECT 'products', COUNT(*) FROM dim_product UNION ALL SELECT 'customers', COUNT(*) FROM dim_customer ORDER BY 1;

-- minus of customers (redshift)
SELECT COUNT(*) FROM (SELECT customer_key FROM fact_user_events MINUS SELECT customer_key FROM fact_orders) t;

-- correlated largest order (redshift)
SELECT COUNT(*) FROM fact_orders o WHERE o.net_amount = (SELECT MAX(x.net_amount) FROM fact_orders x WHERE x.store_key = o.store_key);

-- anti join of devices (redshift)
SELECT COUNT(*) FROM dim_device d WHERE NOT EXISTS (SELECT 1 FROM fact_iot_events e WHERE e.device_key = d.device_key);

-- recursive months (redshift)
WITH RECURSIVE m(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM m WHERE n < 12) SELECT m.n AS month, COUNT(d.date_key) AS days FROM m LEFT JOIN dim_date d ON d.month = m.n AND d.year = 2026 GROUP BY m.n ORDER BY m.n;

-- first and last value in a store (redshift)
SELECT DISTINCT store_key, FIRST_VALUE(net_amount) OVER (PARTITION BY store_key ORDER BY order_key ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS first_net, LAST_VALUE(net_amount) OVER (PARTITION BY store_key ORDER BY order_key ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last_net FROM fact_orders ORDER BY store_key;

-- moving mean by row frame (redshift)
SELECT order_key, AVG(net_amount) OVER (PARTITION BY store_key ORDER BY order_key ROWS BETWEEN 9 PRECEDING AND CURRENT ROW) AS mean10 FROM fact_orders ORDER BY order_key LIMIT 100;

-- boolean aggregates (redshift)
SELECT store_key, BOOL_AND(net_amount > 0) AS all_paid, BOOL_OR(order_status = 99) AS any_cancelled FROM fact_orders GROUP BY store_key ORDER BY 1;

-- role: executive
-- source: redshift

-- seven best days (redshift)
SELECT business_date, SUM(revenue) AS revenue FROM mart_schema.mart_daily_store_revenue GROUP BY business_date ORDER BY revenue DESC, business_date LIMIT 7;

-- store against the mean of all (redshift)
SELECT store_name, AVG(revenue) - AVG(AVG(revenue)) OVER () AS over_mean FROM mart_schema.mart_daily_store_revenue GROUP BY store_name ORDER BY 2 DESC, 1;

-- orders per store and day against the target (redshift)
SELECT store_name, AVG(orders) AS per_day, AVG(orders) / 1200.0 AS of_target FROM mart_schema.mart_daily_store_revenue GROUP BY store_name ORDER BY 1;

-- customers at risk (redshift)
SELECT SUM(CASE WHEN segment IN ('At-Risk', 'Lapsed') THEN customers ELSE 0 END)::float / SUM(customers) AS share FROM mart_schema.mart_customer_health;

-- spend by segment in percent (redshift)
SELECT segment, ROUND(100.0 * SUM(spend) / SUM(SUM(spend)) OVER (), 1) AS pct FROM mart_schema.mart_customer_health GROUP BY segment ORDER BY pct DESC, 1;

-- product mix in percent (redshift)
SELECT category, ROUND(100.0 * SUM(pieces) / SUM(SUM(pieces)) OVER (), 1) AS pct FROM mart_schema.mart_product_mix GROUP BY category ORDER BY pct DESC, 1;

-- role: data_engineer
-- source: redshift

-- staged and loaded (redshift)
SELECT COUNT(*) AS staged, COUNT(f.order_key) AS loaded FROM raw_schema.sales_order_stage s LEFT JOIN fact_orders f ON f.order_no = s.order_no;

-- staged by status (redshift)
SELECT order_status, COUNT(*), MIN(order_time), MAX(etl_loaded_at) FROM raw_schema.sales_order_stage GROUP BY order_status ORDER BY 1;

-- load lag in hours (redshift)
SELECT DATE_TRUNC('day', order_time) AS d, MAX(DATEDIFF(hour, order_time, etl_loaded_at)) AS lag_hours FROM raw_schema.sales_order_stage GROUP BY 1 ORDER BY 1;

-- amounts that changed in the load (redshift)
SELECT COUNT(*) FROM raw_schema.sales_order_stage s JOIN fact_orders f ON f.order_no = s.order_no WHERE s.pay_amount <> f.net_amount;

-- orphans of the facts (redshift)
SELECT (SELECT COUNT(*) FROM fact_orders o WHERE NOT EXISTS (SELECT 1 FROM dim_customer c WHERE c.customer_key = o.customer_key)) AS no_customer, (SELECT COUNT(*) FROM fact_orders o WHERE NOT EXISTS (SELECT 1 FROM dim_store s WHERE s.store_key = o.store_key)) AS no_store;

-- keys that repeat (redshift)
SELECT order_no, COUNT(*) FROM fact_orders GROUP BY order_no HAVING COUNT(*) > 1;
