-- corpus: postgres
-- dialect: postgres
-- origin: written for this project from what people ask of this fleet
-- licence: Apache-2.0

-- role: analyst
-- source: aws-luckyus-salesorder-rw

-- orders and revenue by store (salesorder)
SELECT shop_id, count(*) AS orders, sum(pay_amount) AS revenue FROM t_sales_order_m WHERE order_status = 90 GROUP BY shop_id ORDER BY revenue DESC;

-- revenue by day with date_trunc (salesorder)
SELECT date_trunc('day', order_time) AS day, sum(pay_amount) AS revenue FROM t_sales_order_m GROUP BY 1 ORDER BY 1;

-- revenue by day with a cast (salesorder)
SELECT order_time::date AS day, sum(pay_amount) AS revenue FROM t_sales_order_m GROUP BY order_time::date ORDER BY day;

-- orders by hour (salesorder)
SELECT extract(hour FROM order_time) AS h, count(*) FROM t_sales_order_m GROUP BY h ORDER BY h;

-- orders by hour with date_part (salesorder)
SELECT date_part('hour', order_time) AS h, count(*) FROM t_sales_order_m GROUP BY h ORDER BY h;

-- orders by weekday (salesorder)
SELECT to_char(order_time, 'Dy') AS wd, count(*) FROM t_sales_order_m GROUP BY wd ORDER BY 2 DESC, 1;

-- orders by ISO day (salesorder)
SELECT extract(isodow FROM order_time) AS d, count(*) FROM t_sales_order_m GROUP BY d ORDER BY d;

-- counts with FILTER (salesorder)
SELECT shop_id, count(*) FILTER (WHERE order_status = 90) AS completed, count(*) FILTER (WHERE order_status = 91) AS refunded, count(*) FILTER (WHERE order_status = 99) AS cancelled FROM t_sales_order_m GROUP BY shop_id;

-- sums with FILTER (salesorder)
SELECT sum(pay_amount) FILTER (WHERE order_channel = 'pickup') AS pickup, sum(pay_amount) FILTER (WHERE order_channel <> 'pickup') AS others FROM t_sales_order_m;

-- median ticket (salesorder)
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY pay_amount) AS median FROM t_sales_order_m;

-- deciles by store (salesorder)
SELECT shop_id, percentile_cont(0.1) WITHIN GROUP (ORDER BY pay_amount) AS p10, percentile_disc(0.9) WITHIN GROUP (ORDER BY pay_amount) AS p90 FROM t_sales_order_m GROUP BY shop_id;

-- most usual amount (salesorder)
SELECT mode() WITHIN GROUP (ORDER BY order_channel) AS usual FROM t_sales_order_m;

-- width buckets of tickets (salesorder)
SELECT width_bucket(pay_amount, 0, 50, 10) AS b, count(*) FROM t_sales_order_m GROUP BY b ORDER BY b;

-- correlation of total and discount (salesorder)
SELECT round(corr(total_amount, discount_amount)::numeric, 6) AS r FROM t_sales_order_m;

-- slope of discount over total (salesorder)
SELECT round(regr_slope(discount_amount, total_amount)::numeric, 6) AS slope, round(regr_intercept(discount_amount, total_amount)::numeric, 6) AS base FROM t_sales_order_m;

-- fit of discount over total (salesorder)
SELECT round(regr_r2(discount_amount, total_amount)::numeric, 6) AS r2, regr_count(discount_amount, total_amount) AS n FROM t_sales_order_m;

-- distinct on the latest order of a store (salesorder)
SELECT DISTINCT ON (shop_id) shop_id, order_no, order_time FROM t_sales_order_m ORDER BY shop_id, order_time DESC, order_id DESC;

-- store totals by GROUPING SETS (salesorder)
SELECT shop_id, order_channel, sum(pay_amount) AS revenue FROM t_sales_order_m GROUP BY GROUPING SETS ((shop_id, order_channel), (shop_id), ()) ORDER BY 1, 2;

-- cube of store and status (salesorder)
SELECT shop_id, order_status, count(*) AS n, grouping(shop_id) AS g FROM t_sales_order_m GROUP BY CUBE (shop_id, order_status) ORDER BY 1, 2;

-- rollup with names (salesorder)
SELECT coalesce(shop_id::text, 'all') AS store, count(*) FROM t_sales_order_m GROUP BY ROLLUP (shop_id) ORDER BY 1;

-- products of an order in a list (salesorder)
SELECT order_id, string_agg(product_name, ', ' ORDER BY product_name) AS products FROM t_order_item GROUP BY order_id ORDER BY order_id LIMIT 20;

-- products of an order in an array (salesorder)
SELECT order_id, array_agg(spu_code ORDER BY spu_code) AS codes FROM t_order_item GROUP BY order_id ORDER BY order_id LIMIT 10;

-- lines of an order as JSON (salesorder)
SELECT order_id, json_agg(quantity ORDER BY order_item_id) AS q FROM t_order_item GROUP BY order_id ORDER BY order_id LIMIT 5;

-- running total by store (salesorder)
SELECT shop_id, order_no, sum(pay_amount) OVER (PARTITION BY shop_id ORDER BY order_time, order_id) AS so_far FROM t_sales_order_m ORDER BY shop_id, order_time, order_id LIMIT 100;

-- moving mean of seven orders (salesorder)
SELECT order_id, avg(pay_amount) OVER (ORDER BY order_id ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS mean7 FROM t_sales_order_m ORDER BY order_id LIMIT 100;

-- range frame of one hour (salesorder)
SELECT order_id, count(*) OVER (ORDER BY order_time RANGE BETWEEN INTERVAL '1 hour' PRECEDING AND CURRENT ROW) AS last_hour FROM t_sales_order_m ORDER BY order_id LIMIT 100;

-- groups frame (salesorder)
SELECT shop_id, n, sum(n) OVER (ORDER BY n GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM (SELECT shop_id, count(*) AS n FROM t_sales_order_m GROUP BY shop_id) t ORDER BY n, shop_id;

-- named windows (salesorder)
SELECT shop_id, n, rank() OVER w AS r, lag(n) OVER w AS before FROM (SELECT shop_id, count(*) AS n FROM t_sales_order_m GROUP BY shop_id) t WINDOW w AS (ORDER BY n DESC, shop_id);

-- lateral largest orders (salesorder)
SELECT s.shop_id, t.order_no, t.pay_amount FROM (SELECT DISTINCT shop_id FROM t_sales_order_m) s CROSS JOIN LATERAL (SELECT order_no, pay_amount FROM t_sales_order_m o WHERE o.shop_id = s.shop_id ORDER BY pay_amount DESC, order_no LIMIT 2) t ORDER BY 1, 3 DESC, 2;

-- days without gaps by recursion (salesorder)
WITH RECURSIVE d(day) AS (SELECT DATE '2026-02-10' UNION ALL SELECT (day + INTERVAL '1 day')::date FROM d WHERE day < DATE '2026-02-15') SELECT d.day, count(o.order_id) FROM d LEFT JOIN t_sales_order_m o ON o.order_time::date = d.day GROUP BY d.day ORDER BY d.day;

-- days without gaps by generate_series (salesorder)
SELECT g.day::date AS day, count(o.order_id) AS n FROM generate_series('2026-02-10'::timestamp, '2026-02-15'::timestamp, interval '1 day') AS g(day) LEFT JOIN t_sales_order_m o ON o.order_time::date = g.day::date GROUP BY 1 ORDER BY 1;

-- orders of the last two days (salesorder)
SELECT count(*) FROM t_sales_order_m WHERE order_time >= current_date - 2;

-- orders of the last day and a half (salesorder)
SELECT count(*) FROM t_sales_order_m WHERE order_time > now() - interval '36 hours';

-- age of orders (salesorder)
SELECT max(age(timestamp '2026-02-15', order_time)) AS oldest FROM t_sales_order_m;

-- seconds since an order (salesorder)
SELECT extract(epoch FROM timestamp '2026-02-15 00:00:00' - max(order_time)) AS s FROM t_sales_order_m;

-- orders at a zone of time (salesorder)
SELECT order_no, order_time AT TIME ZONE 'America/New_York' AS t FROM t_sales_order_m ORDER BY order_no LIMIT 5;

-- beginning of the week (salesorder)
SELECT date_trunc('week', order_time)::date AS week, count(*) FROM t_sales_order_m GROUP BY 1 ORDER BY 1;

-- month as text (salesorder)
SELECT to_char(order_time, 'YYYY-MM') AS month, count(*) FROM t_sales_order_m GROUP BY 1;

-- quarter and year (salesorder)
SELECT extract(year FROM order_time) AS y, extract(quarter FROM order_time) AS q, count(*) FROM t_sales_order_m GROUP BY y, q;

-- names without case (salesorder)
SELECT DISTINCT shop_name FROM t_sales_order_m WHERE shop_name ILIKE '%street%' ORDER BY 1;

-- names by regular expression (salesorder)
SELECT DISTINCT shop_name FROM t_sales_order_m WHERE shop_name ~ '[0-9]' ORDER BY 1;

-- first word of a name (salesorder)
SELECT split_part(shop_name, ' ', 1) AS word, count(*) FROM t_sales_order_m GROUP BY word ORDER BY 2 DESC, 1;

-- names in capitals and small (salesorder)
SELECT DISTINCT upper(shop_name) AS u, lower(shop_name) AS l, initcap(shop_name) AS i FROM t_sales_order_m ORDER BY 1;

-- padded numbers (salesorder)
SELECT DISTINCT lpad(shop_id::text, 8, '0') AS no FROM t_sales_order_m ORDER BY 1;

-- digits of the order number (salesorder)
SELECT regexp_replace(order_no, '[^0-9]', '', 'g') AS digits FROM t_sales_order_m ORDER BY order_no LIMIT 10;

-- place of a letter (salesorder)
SELECT position('0' IN order_no) AS p, count(*) FROM t_sales_order_m GROUP BY p ORDER BY p;

-- joined texts (salesorder)
SELECT DISTINCT shop_id || ': ' || coalesce(nullif(shop_name, ''), 'no name') AS label FROM t_sales_order_m ORDER BY 1;

-- text from an offset (salesorder)
SELECT substring(order_no FROM 2 FOR 3) AS part, count(*) FROM t_sales_order_m GROUP BY part ORDER BY part;

-- remarks, scrubbed (salesorder)
SELECT remark FROM t_sales_order_m WHERE remark IS NOT NULL ORDER BY order_id LIMIT 30;

-- missing values by column (salesorder)
SELECT count(*) - count(tax_amount) AS tax, count(*) - count(remark) AS remark, count(*) - count(shop_name) AS name FROM t_sales_order_m;

-- not distinct from NULL (salesorder)
SELECT count(*) FROM t_sales_order_m WHERE tax_amount IS NOT DISTINCT FROM NULL;

-- boolean aggregates (salesorder)
SELECT shop_id, bool_and(pay_amount > 0) AS all_paid, bool_or(order_status = 91) AS any_refund FROM t_sales_order_m GROUP BY shop_id ORDER BY shop_id;

-- numbers as whole and as share (salesorder)
SELECT shop_id, count(*)::numeric / sum(count(*)) OVER () AS share FROM t_sales_order_m GROUP BY shop_id ORDER BY shop_id;

-- rounded shares (salesorder)
SELECT order_channel, round(100.0 * count(*) / sum(count(*)) OVER (), 2) AS pct FROM t_sales_order_m GROUP BY order_channel;

-- whole division and rest (salesorder)
SELECT order_id / 10 AS tens, order_id % 10 AS rest FROM t_sales_order_m ORDER BY order_id LIMIT 20;

-- ceilings and floors (salesorder)
SELECT sum(ceil(pay_amount)) AS up, sum(floor(pay_amount)) AS down, sum(trunc(pay_amount, 1)) AS cut FROM t_sales_order_m;

-- greatest and least (salesorder)
SELECT max(greatest(total_amount, pay_amount)) AS g, min(least(total_amount, pay_amount)) AS l FROM t_sales_order_m;

-- logs and powers (salesorder)
SELECT round(sum(ln(pay_amount + 1))::numeric, 4) AS l, round(sum(power(pay_amount, 2))::numeric, 2) AS p, round(sum(sqrt(pay_amount))::numeric, 4) AS r FROM t_sales_order_m;

-- customers of two days (salesorder)
SELECT count(*) FROM (SELECT user_no FROM t_sales_order_m WHERE order_time::date = '2026-02-12' INTERSECT SELECT user_no FROM t_sales_order_m WHERE order_time::date = '2026-02-13') t;

-- customers of one day alone (salesorder)
SELECT count(*) FROM (SELECT user_no FROM t_sales_order_m WHERE order_time::date = '2026-02-12' EXCEPT ALL SELECT user_no FROM t_sales_order_m WHERE order_time::date = '2026-02-13') t;

-- members of an array (salesorder)
SELECT count(*) FROM t_sales_order_m WHERE order_status = ANY (ARRAY[91, 99]);

-- above all of another store (salesorder)
SELECT count(*) FROM t_sales_order_m WHERE pay_amount > ALL (SELECT pay_amount FROM t_sales_order_m WHERE shop_id = 10003);

-- not any of the refunded (salesorder)
SELECT count(*) FROM t_sales_order_m WHERE user_no <> ALL (SELECT user_no FROM t_sales_order_m WHERE order_status = 91);

-- values as a table (salesorder)
SELECT v.name, count(o.order_id) FROM (VALUES (90, 'completed'), (91, 'refunded'), (99, 'cancelled')) AS v(code, name) LEFT JOIN t_sales_order_m o ON o.order_status = v.code GROUP BY v.name ORDER BY 1;

-- full join of two days (salesorder)
SELECT coalesce(a.shop_id, b.shop_id) AS shop, a.n AS day1, b.n AS day2 FROM (SELECT shop_id, count(*) AS n FROM t_sales_order_m WHERE order_time::date = '2026-02-12' GROUP BY shop_id) a FULL JOIN (SELECT shop_id, count(*) AS n FROM t_sales_order_m WHERE order_time::date = '2026-02-13' GROUP BY shop_id) b ON a.shop_id = b.shop_id ORDER BY 1;

-- row comparison (salesorder)
SELECT count(*) FROM t_sales_order_m WHERE (order_status, shop_id) > (90, 10002);

-- nulls last (salesorder)
SELECT user_no, max(remark) AS last_remark FROM t_sales_order_m GROUP BY user_no ORDER BY last_remark NULLS LAST, user_no LIMIT 20;

-- fetch first (salesorder)
SELECT order_no FROM t_sales_order_m ORDER BY order_no FETCH FIRST 10 ROWS ONLY;

-- offset before limit (salesorder)
SELECT order_no FROM t_sales_order_m ORDER BY order_no OFFSET 5 LIMIT 5;

-- materialized entry (salesorder)
WITH t AS MATERIALIZED (SELECT shop_id, pay_amount FROM t_sales_order_m WHERE order_status = 90) SELECT shop_id, avg(pay_amount) FROM t GROUP BY shop_id ORDER BY 1;

-- cohorts by first day (salesorder)
WITH f AS (SELECT user_no, min(order_time::date) AS cohort FROM t_sales_order_m GROUP BY user_no) SELECT f.cohort, o.order_time::date - f.cohort AS day_no, count(DISTINCT o.user_no) AS customers FROM t_sales_order_m o JOIN f USING (user_no) GROUP BY 1, 2 ORDER BY 1, 2;

-- gaps and islands of order days (salesorder)
SELECT user_no, min(d) AS from_day, max(d) AS to_day, count(*) AS days FROM (SELECT user_no, d, d - (row_number() OVER (PARTITION BY user_no ORDER BY d))::int AS grp FROM (SELECT DISTINCT user_no, order_time::date AS d FROM t_sales_order_m) x) y GROUP BY user_no, grp HAVING count(*) > 1 ORDER BY days DESC, user_no, from_day LIMIT 20;

-- sessions of a customer by gap (salesorder)
SELECT user_no, sum(is_new) OVER (PARTITION BY user_no ORDER BY order_time, order_id) AS session FROM (SELECT user_no, order_time, order_id, CASE WHEN order_time - lag(order_time) OVER (PARTITION BY user_no ORDER BY order_time, order_id) < interval '6 hours' THEN 0 ELSE 1 END AS is_new FROM t_sales_order_m) t ORDER BY 1, 2 LIMIT 50;

-- pareto of products (salesorder)
SELECT spu_code, pieces, round(sum(pieces) OVER (ORDER BY pieces DESC, spu_code) / sum(pieces) OVER (), 4) AS so_far FROM (SELECT spu_code, sum(quantity) AS pieces FROM t_order_item GROUP BY spu_code) t ORDER BY pieces DESC, spu_code;

-- products of most stores (salesorder)
SELECT i.spu_code, count(DISTINCT o.shop_id) AS stores FROM t_order_item i JOIN t_sales_order_m o ON o.order_id = i.order_id GROUP BY i.spu_code ORDER BY stores DESC, 1;

-- share of an item in its order (salesorder)
SELECT i.order_id, i.spu_code, round(i.item_amount / sum(i.item_amount) OVER (PARTITION BY i.order_id), 3) AS share FROM t_order_item i ORDER BY 1, 2, 3 LIMIT 100;

-- difference of two counts (salesorder)
SELECT (SELECT count(*) FROM t_sales_order_m) - (SELECT count(DISTINCT order_id) FROM t_order_item) AS without_lines;

-- statistics of a column (salesorder)
SELECT count(*) AS n, avg(pay_amount) AS mean, stddev_pop(pay_amount) AS sd, var_pop(pay_amount) AS var, min(pay_amount) AS low, max(pay_amount) AS high FROM t_sales_order_m;

-- skewness by hand (salesorder)
SELECT round((avg(power(pay_amount - m, 3)) / power(max(sd), 3))::numeric, 4) AS skew FROM t_sales_order_m CROSS JOIN (SELECT avg(pay_amount) AS m, stddev_pop(pay_amount) AS sd FROM t_sales_order_m) s;

-- bits of a status (salesorder)
SELECT bit_and(order_status) AS a, bit_or(order_status) AS o FROM t_sales_order_m;

-- hours as intervals (salesorder)
SELECT sum(interval '1 hour' * (order_status - 89)) AS h FROM t_sales_order_m WHERE shop_id = 10001;

-- make a date (salesorder)
SELECT make_date(2026, 2, extract(day FROM order_time)::int) AS d, count(*) FROM t_sales_order_m GROUP BY 1 ORDER BY 1;

-- dates out of text (salesorder)
SELECT to_date('2026-02-14', 'YYYY-MM-DD') - max(order_time::date) AS days FROM t_sales_order_m;

-- rows as JSON (salesorder)
SELECT row_to_json(t) AS r FROM (SELECT shop_id, count(*) AS n FROM t_sales_order_m GROUP BY shop_id) t ORDER BY shop_id;

-- object of counts (salesorder)
SELECT json_build_object('store', shop_id, 'n', count(*)) AS o FROM t_sales_order_m GROUP BY shop_id ORDER BY shop_id;

-- arrays by length (salesorder)
SELECT n, count(*) FROM (SELECT array_length(array_agg(order_id), 1) AS n FROM t_sales_order_m GROUP BY user_no) t GROUP BY n ORDER BY n;

-- case of nulls (salesorder)
SELECT CASE WHEN remark IS NULL THEN 'none' WHEN length(remark) < 10 THEN 'short' ELSE 'long' END AS kind, count(*) FROM t_sales_order_m GROUP BY 1 ORDER BY 1;

-- distinct pairs (salesorder)
SELECT count(*) FROM (SELECT DISTINCT shop_id, user_no FROM t_sales_order_m) t;

-- ntile of customers by spend (salesorder)
SELECT decile, count(*) AS customers, sum(spent) AS spent FROM (SELECT user_no, sum(pay_amount) AS spent, ntile(10) OVER (ORDER BY sum(pay_amount) DESC, user_no) AS decile FROM t_sales_order_m GROUP BY user_no) t GROUP BY decile ORDER BY decile;

-- interpolated hour of the half of revenue (salesorder)
SELECT min(h) FROM (SELECT extract(hour FROM order_time) AS h, sum(sum(pay_amount)) OVER (ORDER BY extract(hour FROM order_time)) / sum(sum(pay_amount)) OVER () AS f FROM t_sales_order_m GROUP BY extract(hour FROM order_time)) t WHERE f >= 0.5;

-- quoted names (salesorder)
SELECT o."order_no" AS "Order number", o."pay_amount" AS "Paid" FROM "luckyus_sales_order"."t_sales_order_m" AS o ORDER BY o."order_no" LIMIT 3;

-- role: analyst
-- source: aws-luckyus-salescrm-rw

-- accounts by month (salescrm)
SELECT date_trunc('month', register_time)::date AS month, count(*) AS n FROM t_user GROUP BY 1 ORDER BY 1;

-- accounts by group and gender (salescrm)
SELECT u.group_no, p.gender, count(*) FROM t_user u LEFT JOIN t_user_profile p ON p.user_no = u.user_no GROUP BY u.group_no, p.gender ORDER BY 1, 2 NULLS FIRST;

-- tails of masked numbers (salescrm)
SELECT right(phone, 4) AS tail, count(*) FROM t_user GROUP BY tail HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT 20;

-- accounts in alphabetical order (salescrm)
SELECT user_no FROM t_user ORDER BY user_no DESC LIMIT 10;

-- registrations in the last month (salescrm)
SELECT count(*) FROM t_user WHERE register_time >= current_date - interval '1 month';

-- genders in one row (salescrm)
SELECT string_agg(gender || '=' || n, ', ' ORDER BY gender) AS g FROM (SELECT gender, count(*) AS n FROM t_user_profile WHERE gender IS NOT NULL GROUP BY gender) t;

-- hour of registration (salescrm)
SELECT extract(hour FROM register_time)::int AS h, count(*) FROM t_user GROUP BY h ORDER BY h;

-- profiles missing (salescrm)
SELECT count(*) FROM t_user WHERE user_no NOT IN (SELECT user_no FROM t_user_profile);

-- role: analyst
-- source: aws-luckyus-pgilkmap-rw

-- places (pgilkmap)
SELECT shop_id, lat, lon FROM store_location ORDER BY shop_id;

-- places in the north (pgilkmap)
SELECT count(*) FROM store_location WHERE lat > 40.75;

-- distance from Times Square (pgilkmap)
SELECT shop_id, round((6371 * acos(least(1, cos(radians(40.758)) * cos(radians(lat)) * cos(radians(lon) - radians(-73.9855)) + sin(radians(40.758)) * sin(radians(lat)))))::numeric, 3) AS km FROM store_location ORDER BY km, shop_id;

-- nearest other store (pgilkmap)
SELECT DISTINCT ON (a.shop_id) a.shop_id, b.shop_id AS nearest, round(sqrt(power(a.lat - b.lat, 2) + power(a.lon - b.lon, 2))::numeric, 5) AS deg FROM store_location a JOIN store_location b ON b.shop_id <> a.shop_id ORDER BY a.shop_id, deg, b.shop_id;

-- box around the stores (pgilkmap)
SELECT min(lat) AS south, max(lat) AS north, min(lon) AS west, max(lon) AS east FROM store_location;

-- cells of a grid (pgilkmap)
SELECT floor(lat * 100) / 100 AS cell_lat, floor(lon * 100) / 100 AS cell_lon, count(*) FROM store_location GROUP BY 1, 2 ORDER BY 1, 2;

-- centre of the stores (pgilkmap)
SELECT avg(lat) AS lat, avg(lon) AS lon FROM store_location;

-- bearing to the centre (pgilkmap)
SELECT shop_id, round(degrees(atan2(40.75 - lat, -73.98 - lon))::numeric, 2) AS bearing FROM store_location ORDER BY shop_id;

-- role: data_engineer
-- source: aws-luckyus-salespayment-rw

-- state by method (salespayment)
SELECT payment_method, trade_status, count(*), sum(pay_amount) FROM t_sales_trade_m GROUP BY payment_method, trade_status ORDER BY 1, 2;

-- split payments (salespayment)
SELECT order_id, count(*) AS parts FROM t_sales_trade_m WHERE trade_status = 'success' GROUP BY order_id HAVING count(*) > 1 ORDER BY order_id;

-- fees by channel (salespayment)
SELECT payment_channel, round(sum(channel_fee) / nullif(sum(pay_amount), 0) * 100, 3) AS pct FROM t_sales_trade_m WHERE trade_status = 'success' GROUP BY payment_channel ORDER BY 1;

-- order ids as numbers (salespayment)
SELECT max(order_id::bigint) FROM t_sales_trade_m;

-- ids that begin with zero (salespayment)
SELECT count(*) FROM t_sales_trade_m WHERE order_id ~ '^0';

-- net by day (salespayment)
SELECT trade_time::date AS d, sum(CASE WHEN trade_status = 'refund' THEN -pay_amount WHEN trade_status = 'success' THEN pay_amount ELSE 0 END) AS net FROM t_sales_trade_m GROUP BY 1 ORDER BY 1;

-- time to the refund (salespayment)
SELECT avg(r.trade_time - s.trade_time) AS t FROM t_sales_trade_m r JOIN t_sales_trade_m s ON s.order_id = r.order_id AND s.trade_status = 'success' WHERE r.trade_status = 'refund';

-- methods as columns (salespayment)
SELECT trade_time::date AS d, count(*) FILTER (WHERE payment_method LIKE '%card%') AS cards, count(*) AS n FROM t_sales_trade_m GROUP BY 1 ORDER BY 1;

-- cards shared by accounts (salespayment)
SELECT card_last4, count(DISTINCT user_no) AS accounts FROM t_sales_trade_m WHERE card_last4 IS NOT NULL GROUP BY card_last4 ORDER BY 2 DESC, 1 LIMIT 10;

-- attempts per order (salespayment)
SELECT attempts, count(*) FROM (SELECT order_id, count(*) AS attempts FROM t_sales_trade_m GROUP BY order_id) t GROUP BY attempts ORDER BY attempts;

-- role: analyst
-- source: aws-luckyus-opproduction-rw

-- percentiles by store (opproduction)
SELECT shop_id, percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY production_time) AS p FROM t_production_order GROUP BY shop_id ORDER BY shop_id;

-- seconds by product (opproduction)
SELECT spu_code, round(avg(production_time), 2) AS mean, count(*) FROM t_production_order GROUP BY spu_code ORDER BY mean DESC, 1;

-- drinks by barista and day (opproduction)
SELECT barista_id, start_time::date AS d, count(*) AS n FROM t_production_order GROUP BY 1, 2 ORDER BY n DESC, 1, 2 LIMIT 20;

-- seconds computed anew (opproduction)
SELECT count(*) FROM t_production_order WHERE extract(epoch FROM end_time - start_time) <> production_time;

-- drinks at the same time (opproduction)
SELECT a.production_id, count(*) AS together FROM t_production_order a JOIN t_production_order b ON b.shop_id = a.shop_id AND b.start_time < a.end_time AND a.start_time < b.end_time WHERE a.start_time < '2026-02-12 09:00:00' AND b.start_time < '2026-02-12 09:30:00' GROUP BY a.production_id ORDER BY 2 DESC, 1 LIMIT 10;

-- half hours by load (opproduction)
SELECT date_trunc('hour', start_time) + floor(extract(minute FROM start_time) / 30) * interval '30 minutes' AS slot, count(*) FROM t_production_order GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10;

-- share under three minutes (opproduction)
SELECT shop_id, avg((production_time < 180)::int) AS share FROM t_production_order GROUP BY shop_id ORDER BY shop_id;

-- role: analyst
-- source: aws-luckyus-scm-shopstock-rw

-- waste by article (scm-shopstock)
SELECT goods_mid, -sum(quantity_change) AS wasted FROM t_stock_change WHERE change_type = 'waste' GROUP BY goods_mid ORDER BY wasted DESC, 1;

-- types as columns (scm-shopstock)
SELECT shop_dept_id, sum(quantity_change) FILTER (WHERE change_type = 'receipt') AS received, -sum(quantity_change) FILTER (WHERE change_type = 'sale') AS sold, -sum(quantity_change) FILTER (WHERE change_type = 'waste') AS wasted FROM t_stock_change GROUP BY shop_dept_id ORDER BY 1;

-- last balance by DISTINCT ON (scm-shopstock)
SELECT DISTINCT ON (shop_dept_id, goods_mid) shop_dept_id, goods_mid, running_balance FROM t_stock_change ORDER BY shop_dept_id, goods_mid, change_time DESC, change_id DESC;

-- stock that differs from its changes (scm-shopstock)
SELECT s.shop_dept_id, s.goods_mid, s.stock_quantity - sum(c.quantity_change) AS diff FROM t_shop_goods_stock s JOIN t_stock_change c USING (shop_dept_id, goods_mid) GROUP BY s.shop_dept_id, s.goods_mid, s.stock_quantity HAVING s.stock_quantity <> sum(c.quantity_change) ORDER BY 1, 2 LIMIT 50;

-- turnover by article (scm-shopstock)
SELECT goods_mid, round(-sum(quantity_change) FILTER (WHERE change_type = 'sale') / nullif(avg(running_balance), 0), 3) AS turnover FROM t_stock_change GROUP BY goods_mid ORDER BY turnover DESC NULLS LAST, 1;

-- hour of receipts (scm-shopstock)
SELECT extract(hour FROM change_time) AS h, count(*) FROM t_stock_change WHERE change_type = 'receipt' GROUP BY h ORDER BY h;

-- role: analyst
-- source: aws-luckyus-isalescdp-rw

-- favourites out of JSON (isalescdp)
SELECT tag_data ->> 'favourite' AS favourite, count(*) FROM t_user_state GROUP BY 1 ORDER BY 2 DESC, 1;

-- visits out of JSON (isalescdp)
SELECT user_state, avg((tag_data ->> 'visits_30d')::int) AS visits FROM t_user_state GROUP BY user_state ORDER BY 1;

-- latest state of accounts (isalescdp)
SELECT user_state, count(*) FROM (SELECT DISTINCT ON (user_no) user_no, user_state FROM t_user_state ORDER BY user_no, update_time DESC, state_id DESC) t GROUP BY user_state ORDER BY 1;

-- transitions (isalescdp)
SELECT user_state, lead(user_state) OVER w AS next_state, count(*) FROM t_user_state GROUP BY user_no, user_state, update_time WINDOW w AS (PARTITION BY user_no ORDER BY update_time) ORDER BY 1, 2 LIMIT 50;

-- role: analyst
-- source: aws-luckyus-opshop-rw

-- stores by borough (opshop)
SELECT borough, count(*), string_agg(shop_name, ', ' ORDER BY shop_name) FROM t_shop_info GROUP BY borough ORDER BY 1;

-- days open (opshop)
SELECT shop_name, date '2026-02-15' - open_date AS days FROM t_shop_info ORDER BY days DESC, shop_name;

-- full years open (opshop)
SELECT shop_name, extract(year FROM age(date '2026-02-15', open_date)) AS years FROM t_shop_info ORDER BY 2 DESC, 1;

-- months of opening (opshop)
SELECT to_char(open_date, 'Mon YYYY') AS m, count(*) FROM t_shop_info GROUP BY 1 ORDER BY 1;

-- numbers in addresses (opshop)
SELECT substring(address FROM '[0-9]+') AS number, count(*) FROM t_shop_info GROUP BY 1 ORDER BY 1;

-- role: analyst
-- source: aws-luckyus-salesmarketing-rw

-- use of templates (salesmarketing)
SELECT t.template_name, count(*) AS issued, count(r.redeem_time) AS used, round(100.0 * count(r.redeem_time) / count(*), 2) AS pct FROM t_coupon_record r JOIN t_coupon_template t ON t.template_id = r.template_id GROUP BY t.template_name ORDER BY used DESC, 1;

-- hours until use (salesmarketing)
SELECT avg(extract(epoch FROM redeem_time - receive_time) / 3600) AS hours FROM t_coupon_record WHERE redeem_time IS NOT NULL;

-- expired by week (salesmarketing)
SELECT date_trunc('week', expire_time)::date AS w, count(*) FROM t_coupon_record WHERE coupon_status = 'expired' GROUP BY 1 ORDER BY 1;

-- lift of a test (salesmarketing)
SELECT experiment_id, avg(metric_value) FILTER (WHERE variant = 'treatment') - avg(metric_value) FILTER (WHERE variant = 'control') AS diff FROM t_ab_test_record GROUP BY experiment_id ORDER BY 1;

-- standard error by variant (salesmarketing)
SELECT experiment_id, variant, stddev_samp(metric_value) / sqrt(count(*)) AS se FROM t_ab_test_record GROUP BY 1, 2 ORDER BY 1, 2;

-- role: data_engineer
-- source: aws-luckyus-scm-plan-rw

-- predictions per day and model (scm-plan)
SELECT predict_date, model_version, sum(predict_qty) AS qty FROM t_demand_prediction GROUP BY 1, 2 ORDER BY 1, 2;

-- weighted confidence (scm-plan)
SELECT sum(predict_qty * confidence) / nullif(sum(predict_qty), 0) AS weighted FROM t_demand_prediction;

-- latest prediction (scm-plan)
SELECT DISTINCT ON (shop_id, goods_mid, predict_date) shop_id, goods_mid, predict_date, predict_qty FROM t_demand_prediction ORDER BY shop_id, goods_mid, predict_date, made_date DESC, prediction_id DESC LIMIT 100;

-- days ahead (scm-plan)
SELECT predict_date - made_date AS ahead, count(*) FROM t_demand_prediction GROUP BY ahead ORDER BY ahead;

-- above the mean of their store (scm-plan)
SELECT count(*) FROM t_demand_prediction p WHERE predict_qty > (SELECT avg(q.predict_qty) FROM t_demand_prediction q WHERE q.shop_id = p.shop_id AND q.predict_date = p.predict_date) AND p.predict_date = '2026-02-15';

-- role: data_engineer
-- source: aws-luckyus-scmcommodity-rw

-- names in either language (scmcommodity)
SELECT coalesce(name_en, name_cn) AS name, category FROM t_commodity_base_info ORDER BY category, name;

-- prices in steps (scmcommodity)
SELECT floor(base_price) AS dollars, count(*) FROM t_commodity_base_info GROUP BY 1 ORDER BY 1;

-- untranslated by category (scmcommodity)
SELECT category, count(*) FILTER (WHERE name_en IS NULL) AS missing, count(*) AS n FROM t_commodity_base_info GROUP BY category ORDER BY 1;

-- dearest of each category (scmcommodity)
SELECT DISTINCT ON (category) category, spu_code, base_price FROM t_commodity_base_info ORDER BY category, base_price DESC, goods_mid;

-- role: data_engineer
-- source: aws-luckyus-ifiaccounting-rw

-- net by day and type (ifiaccounting)
SELECT entry_time::date AS d, entry_type, sum(amount) FROM t_accounting_entry GROUP BY 1, 2 ORDER BY 1, 2;

-- orders booked twice (ifiaccounting)
SELECT order_serial, count(*), sum(amount) FROM t_accounting_entry GROUP BY order_serial HAVING count(*) > 1 ORDER BY 1 LIMIT 50;

-- balance so far (ifiaccounting)
SELECT d, sum(amount) OVER (ORDER BY d) AS balance FROM (SELECT entry_time::date AS d, sum(amount) AS amount FROM t_accounting_entry GROUP BY 1) t ORDER BY d;

-- leading digits (ifiaccounting)
SELECT left(abs(amount)::text, 1) AS digit, count(*) FROM t_accounting_entry WHERE amount <> 0 GROUP BY 1 ORDER BY 1;

-- refund share by hour (ifiaccounting)
SELECT extract(hour FROM entry_time) AS h, sum(amount) FILTER (WHERE amount < 0) / nullif(sum(amount) FILTER (WHERE amount > 0), 0) AS share FROM t_accounting_entry GROUP BY 1 ORDER BY 1;

-- role: data_engineer
-- source: aws-luckyus-opempefficiency-rw

-- hours by store (opempefficiency)
SELECT shop_id, round(sum(extract(epoch FROM clock_out_time - clock_in_time))::numeric / 3600, 1) AS hours FROM t_clock_in GROUP BY shop_id ORDER BY 1;

-- people at noon (opempefficiency)
SELECT shop_id, count(*) FROM t_clock_in WHERE timestamp '2026-02-13 12:00:00' BETWEEN clock_in_time AND clock_out_time GROUP BY shop_id ORDER BY 1;

-- overlapping shifts (opempefficiency)
SELECT count(*) FROM t_clock_in a JOIN t_clock_in b ON a.employee_id = b.employee_id AND a.clock_id < b.clock_id WHERE (a.clock_in_time, a.clock_out_time) OVERLAPS (b.clock_in_time, b.clock_out_time);

-- longest shift of each person (opempefficiency)
SELECT employee_id, max(clock_out_time - clock_in_time) AS longest FROM t_clock_in GROUP BY employee_id ORDER BY longest DESC, employee_id LIMIT 10;

-- planned against worked (opempefficiency)
SELECT s.shop_id, sum(s.planned_hours) AS planned, (SELECT count(*) FROM t_clock_in c WHERE c.shop_id = s.shop_id) AS shifts FROM t_schedule s GROUP BY s.shop_id ORDER BY 1;

-- role: data_engineer
-- source: aws-luckyus-iotplatform-rw

-- frame without its own row (iotplatform)
SELECT device_type, n, sum(n) OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) AS others FROM (SELECT device_type, count(*) AS n FROM t_device GROUP BY device_type) t ORDER BY 1;

-- machines by state and store (iotplatform)
SELECT shop_id, count(*) FILTER (WHERE device_status = 'offline') AS offline, count(*) AS n FROM t_device GROUP BY shop_id ORDER BY 1;
