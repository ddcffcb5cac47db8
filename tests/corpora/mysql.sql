-- corpus: mysql
-- dialect: mysql
-- origin: written for this project from what people ask of this fleet
-- licence: Apache-2.0

-- role: analyst
-- source: aws-luckyus-salesorder-rw

-- orders by status (salesorder)
SELECT order_status, COUNT(*) AS orders FROM t_sales_order_m GROUP BY order_status;

-- revenue by store (salesorder)
SELECT shop_id, SUM(pay_amount) AS revenue FROM t_sales_order_m WHERE order_status = 90 GROUP BY shop_id ORDER BY revenue DESC;

-- revenue by day (salesorder)
SELECT DATE(order_time) AS day, SUM(pay_amount) AS revenue FROM t_sales_order_m WHERE order_status = 90 GROUP BY DATE(order_time) ORDER BY day;

-- orders by hour (salesorder)
SELECT HOUR(order_time) AS hour, COUNT(*) AS orders FROM t_sales_order_m GROUP BY HOUR(order_time) ORDER BY 1;

-- orders by quarter of an hour (salesorder)
SELECT HOUR(order_time) AS h, FLOOR(MINUTE(order_time) / 15) AS q, COUNT(*) AS n FROM t_sales_order_m GROUP BY h, q ORDER BY h, q;

-- orders by weekday name (salesorder)
SELECT DAYNAME(order_time) AS weekday, COUNT(*) AS n FROM t_sales_order_m GROUP BY DAYNAME(order_time);

-- average, smallest and largest ticket (salesorder)
SELECT AVG(pay_amount) AS mean, MIN(pay_amount) AS least, MAX(pay_amount) AS most FROM t_sales_order_m WHERE order_status = 90;

-- spread of tickets by store (salesorder)
SELECT shop_id, ROUND(STDDEV_SAMP(pay_amount), 2) AS sd, ROUND(VAR_SAMP(pay_amount), 2) AS variance FROM t_sales_order_m GROUP BY shop_id;

-- tickets in bands of five dollars (salesorder)
SELECT FLOOR(pay_amount / 5) * 5 AS band, COUNT(*) AS n FROM t_sales_order_m GROUP BY band ORDER BY band;

-- distinct customers by store (salesorder)
SELECT shop_id, COUNT(DISTINCT user_no) AS customers FROM t_sales_order_m GROUP BY shop_id;

-- customers who visited several stores (salesorder)
SELECT user_no, COUNT(DISTINCT shop_id) AS stores FROM t_sales_order_m GROUP BY user_no HAVING stores > 1 ORDER BY stores DESC, user_no LIMIT 50;

-- orders of one day (salesorder)
SELECT order_no, shop_id, pay_amount FROM t_sales_order_m WHERE order_time >= '2026-02-13' AND order_time < '2026-02-14' ORDER BY order_no LIMIT 100;

-- orders between two moments (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE order_time BETWEEN '2026-02-13 08:00:00' AND '2026-02-13 10:00:00';

-- orders of some stores (salesorder)
SELECT shop_id, COUNT(*) FROM t_sales_order_m WHERE shop_id IN (10001, 10002, 10003) GROUP BY shop_id;

-- orders not picked up (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE order_channel <> 'pickup';

-- delivery share (salesorder)
SELECT ROUND(100 * SUM(order_channel = 'delivery') / COUNT(*), 2) AS pct FROM t_sales_order_m;

-- channel by store as columns (salesorder)
SELECT shop_id, SUM(CASE WHEN order_channel = 'pickup' THEN 1 ELSE 0 END) AS pickup, SUM(CASE WHEN order_channel = 'delivery' THEN 1 ELSE 0 END) AS delivery FROM t_sales_order_m GROUP BY shop_id;

-- channel by store with IF (salesorder)
SELECT shop_id, SUM(IF(order_channel = 'pickup', pay_amount, 0)) AS pickup_usd, COUNT(IF(order_channel = 'delivery', 1, NULL)) AS deliveries FROM t_sales_order_m GROUP BY shop_id;

-- discount rate by channel (salesorder)
SELECT order_channel, SUM(discount_amount) / NULLIF(SUM(total_amount), 0) AS rate FROM t_sales_order_m GROUP BY order_channel;

-- free orders (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE pay_amount = 0;

-- orders without a store name (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE shop_name IS NULL OR TRIM(shop_name) = '';

-- share of missing tax (salesorder)
SELECT SUM(tax_amount IS NULL) / COUNT(*) AS missing FROM t_sales_order_m;

-- order numbers that begin alike (salesorder)
SELECT LEFT(order_no, 3) AS prefix, COUNT(*) FROM t_sales_order_m GROUP BY LEFT(order_no, 3);

-- length of order numbers (salesorder)
SELECT CHAR_LENGTH(order_no) AS len, COUNT(*) FROM t_sales_order_m GROUP BY len;

-- store names in capitals (salesorder)
SELECT DISTINCT UPPER(shop_name) AS store FROM t_sales_order_m ORDER BY store;

-- store names that hold a number (salesorder)
SELECT DISTINCT shop_name FROM t_sales_order_m WHERE shop_name REGEXP '[0-9]' ORDER BY shop_name;

-- first word of the store name (salesorder)
SELECT SUBSTRING_INDEX(shop_name, ' ', 1) AS word, COUNT(*) FROM t_sales_order_m GROUP BY word;

-- remarks by length (salesorder)
SELECT LENGTH(remark) DIV 10 AS tens, COUNT(*) FROM t_sales_order_m WHERE remark IS NOT NULL GROUP BY tens ORDER BY tens;

-- remarks about sugar (salesorder)
SELECT order_no, remark FROM t_sales_order_m WHERE remark LIKE '%sugar%' ORDER BY order_no;

-- remarks, the most frequent (salesorder)
SELECT remark, COUNT(*) AS n FROM t_sales_order_m WHERE remark <> '' GROUP BY remark ORDER BY n DESC, remark LIMIT 20;

-- latest order of each store (salesorder)
SELECT o.shop_id, o.order_no, o.order_time FROM t_sales_order_m o JOIN (SELECT shop_id, MAX(order_time) AS last_time FROM t_sales_order_m GROUP BY shop_id) m ON m.shop_id = o.shop_id AND m.last_time = o.order_time ORDER BY 1, 2;

-- three largest orders of each store (salesorder)
SELECT shop_id, order_no, pay_amount FROM (SELECT shop_id, order_no, pay_amount, ROW_NUMBER() OVER (PARTITION BY shop_id ORDER BY pay_amount DESC, order_no) AS rn FROM t_sales_order_m) t WHERE rn <= 3 ORDER BY shop_id, rn;

-- stores above the mean revenue (salesorder)
SELECT shop_id, SUM(pay_amount) AS revenue FROM t_sales_order_m GROUP BY shop_id HAVING SUM(pay_amount) > (SELECT AVG(r) FROM (SELECT SUM(pay_amount) AS r FROM t_sales_order_m GROUP BY shop_id) x);

-- share of each store (salesorder)
SELECT shop_id, ROUND(100 * SUM(pay_amount) / SUM(SUM(pay_amount)) OVER (), 2) AS pct FROM t_sales_order_m GROUP BY shop_id;

-- running revenue (salesorder)
SELECT d, revenue, SUM(revenue) OVER (ORDER BY d) AS so_far FROM (SELECT DATE(order_time) AS d, SUM(pay_amount) AS revenue FROM t_sales_order_m GROUP BY DATE(order_time)) t;

-- moving mean of three days (salesorder)
SELECT d, AVG(revenue) OVER (ORDER BY d ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS mean3 FROM (SELECT DATE(order_time) AS d, SUM(pay_amount) AS revenue FROM t_sales_order_m GROUP BY DATE(order_time)) t;

-- against the day before (salesorder)
SELECT d, n, n - LAG(n, 1, 0) OVER (ORDER BY d) AS more FROM (SELECT DATE(order_time) AS d, COUNT(*) AS n FROM t_sales_order_m GROUP BY DATE(order_time)) t;

-- quartiles of tickets (salesorder)
SELECT quartile, MIN(pay_amount) AS low, MAX(pay_amount) AS high, COUNT(*) AS n FROM (SELECT pay_amount, NTILE(4) OVER (ORDER BY pay_amount, order_id) AS quartile FROM t_sales_order_m) t GROUP BY quartile;

-- rank of stores (salesorder)
SELECT shop_id, COUNT(*) AS n, RANK() OVER (ORDER BY COUNT(*) DESC) AS place, DENSE_RANK() OVER (ORDER BY COUNT(*) DESC) AS dense FROM t_sales_order_m GROUP BY shop_id;

-- percent rank of tickets over fifty (salesorder)
SELECT order_no, ROUND(PERCENT_RANK() OVER (ORDER BY pay_amount), 4) AS pr, ROUND(CUME_DIST() OVER (ORDER BY pay_amount), 4) AS cd FROM t_sales_order_m WHERE pay_amount > 20;

-- first and last order of the day (salesorder)
SELECT DISTINCT DATE(order_time) AS d, FIRST_VALUE(order_no) OVER w AS first_no, LAST_VALUE(order_no) OVER w AS last_no FROM t_sales_order_m WINDOW w AS (PARTITION BY DATE(order_time) ORDER BY order_time, order_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);

-- minutes between orders of a store (salesorder)
SELECT shop_id, AVG(gap) AS mean_gap FROM (SELECT shop_id, TIMESTAMPDIFF(MINUTE, LAG(order_time) OVER (PARTITION BY shop_id ORDER BY order_time, order_id), order_time) AS gap FROM t_sales_order_m) g GROUP BY shop_id;

-- customers by number of orders (salesorder)
SELECT n, COUNT(*) AS customers FROM (SELECT user_no, COUNT(*) AS n FROM t_sales_order_m GROUP BY user_no) t GROUP BY n ORDER BY n;

-- customers who came back (salesorder)
SELECT COUNT(*) FROM (SELECT user_no FROM t_sales_order_m GROUP BY user_no HAVING COUNT(DISTINCT DATE(order_time)) > 1) t;

-- first order of each customer by day (salesorder)
SELECT first_day, COUNT(*) AS customers FROM (SELECT user_no, MIN(DATE(order_time)) AS first_day FROM t_sales_order_m GROUP BY user_no) t GROUP BY first_day ORDER BY first_day;

-- recency, frequency and value (salesorder)
SELECT user_no, DATEDIFF('2026-02-15', MAX(order_time)) AS recency, COUNT(*) AS frequency, SUM(pay_amount) AS monetary FROM t_sales_order_m WHERE order_status = 90 GROUP BY user_no ORDER BY monetary DESC, user_no LIMIT 100;

-- best customer of each store (salesorder)
SELECT shop_id, user_no, spent FROM (SELECT shop_id, user_no, SUM(pay_amount) AS spent, RANK() OVER (PARTITION BY shop_id ORDER BY SUM(pay_amount) DESC, user_no) AS rk FROM t_sales_order_m GROUP BY shop_id, user_no) t WHERE rk = 1;

-- products by pieces (salesorder)
SELECT spu_code, SUM(quantity) AS pieces FROM t_order_item GROUP BY spu_code ORDER BY pieces DESC;

-- products by gross amount and share (salesorder)
SELECT product_name, SUM(item_amount) AS gross, ROUND(SUM(item_amount) / SUM(SUM(item_amount)) OVER (), 4) AS share FROM t_order_item GROUP BY product_name ORDER BY gross DESC;

-- price range of each product (salesorder)
SELECT spu_code, MIN(unit_price) AS lowest, MAX(unit_price) AS highest FROM t_order_item GROUP BY spu_code HAVING MIN(unit_price) < MAX(unit_price);

-- items whose amount is not price times quantity (salesorder)
SELECT COUNT(*) FROM t_order_item WHERE ABS(item_amount - unit_price * quantity) > 0.005;

-- products by store (salesorder)
SELECT o.shop_id, i.spu_code, SUM(i.quantity) AS pieces FROM t_order_item i INNER JOIN t_sales_order_m o ON o.order_id = i.order_id GROUP BY o.shop_id, i.spu_code ORDER BY 1, 3 DESC, 2;

-- best product of each store (salesorder)
SELECT shop_id, product_name, pieces FROM (SELECT o.shop_id, i.product_name, SUM(i.quantity) AS pieces, ROW_NUMBER() OVER (PARTITION BY o.shop_id ORDER BY SUM(i.quantity) DESC, i.product_name) AS rn FROM t_order_item i JOIN t_sales_order_m o USING (order_id) GROUP BY o.shop_id, i.product_name) t WHERE rn = 1;

-- pairs of products bought together (salesorder)
SELECT a.spu_code AS one, b.spu_code AS other, COUNT(*) AS times FROM t_order_item a JOIN t_order_item b ON a.order_id = b.order_id AND a.spu_code < b.spu_code GROUP BY a.spu_code, b.spu_code ORDER BY times DESC, 1, 2 LIMIT 20;

-- pieces per order (salesorder)
SELECT pieces, COUNT(*) AS orders FROM (SELECT order_id, SUM(quantity) AS pieces FROM t_order_item GROUP BY order_id) t GROUP BY pieces ORDER BY pieces;

-- orders with more than one product (salesorder)
SELECT COUNT(*) FROM (SELECT order_id FROM t_order_item GROUP BY order_id HAVING COUNT(DISTINCT spu_code) > 1) t;

-- products in a list by order (salesorder)
SELECT order_id, GROUP_CONCAT(product_name ORDER BY product_name SEPARATOR ', ') AS products FROM t_order_item GROUP BY order_id ORDER BY order_id LIMIT 20;

-- products in the morning only (salesorder)
SELECT DISTINCT i.spu_code FROM t_order_item i JOIN t_sales_order_m o ON o.order_id = i.order_id WHERE HOUR(o.order_time) < 11 AND i.spu_code NOT IN (SELECT x.spu_code FROM t_order_item x JOIN t_sales_order_m y ON y.order_id = x.order_id WHERE HOUR(y.order_time) >= 11);

-- orders with a coffee over six dollars (salesorder)
SELECT COUNT(*) FROM t_sales_order_m o WHERE EXISTS (SELECT 1 FROM t_order_item i WHERE i.order_id = o.order_id AND i.unit_price > 6);

-- orders without lines (salesorder)
SELECT COUNT(*) FROM t_sales_order_m o WHERE NOT EXISTS (SELECT * FROM t_order_item i WHERE i.order_id = o.order_id);

-- order with its most expensive line (salesorder)
SELECT o.order_no, (SELECT MAX(i.unit_price) FROM t_order_item i WHERE i.order_id = o.order_id) AS top_price FROM t_sales_order_m o ORDER BY o.order_no LIMIT 50;

-- refunded amount by day (salesorder)
SELECT DATE_FORMAT(order_time, '%Y-%m-%d') AS d, SUM(pay_amount) AS refunded FROM t_sales_order_m WHERE order_status = 91 GROUP BY d ORDER BY d;

-- orders by year and month (salesorder)
SELECT YEAR(order_time) AS y, MONTH(order_time) AS m, COUNT(*) FROM t_sales_order_m GROUP BY y, m;

-- orders by month name (salesorder)
SELECT MONTHNAME(order_time) AS m, COUNT(*) FROM t_sales_order_m GROUP BY m;

-- orders by ISO week (salesorder)
SELECT YEARWEEK(order_time, 3) AS w, COUNT(*) FROM t_sales_order_m GROUP BY w;

-- orders by quarter (salesorder)
SELECT CONCAT(YEAR(order_time), 'Q', QUARTER(order_time)) AS q, COUNT(*) FROM t_sales_order_m GROUP BY q;

-- time of day in words (salesorder)
SELECT CASE WHEN HOUR(order_time) < 11 THEN 'morning' WHEN HOUR(order_time) < 17 THEN 'day' ELSE 'evening' END AS part, COUNT(*) AS n, AVG(pay_amount) AS ticket FROM t_sales_order_m GROUP BY part;

-- orders of the last two days (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE order_time >= CURDATE() - INTERVAL 2 DAY;

-- orders since midnight (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE order_time >= CURRENT_DATE;

-- orders of the last 36 hours (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE order_time > DATE_SUB(NOW(), INTERVAL 36 HOUR);

-- age of the latest order in hours (salesorder)
SELECT TIMESTAMPDIFF(HOUR, MAX(order_time), NOW()) AS hours FROM t_sales_order_m;

-- age of the oldest order in days (salesorder)
SELECT DATEDIFF(NOW(), MIN(order_time)) AS days FROM t_sales_order_m;

-- beginning of the month of each order (salesorder)
SELECT DATE_FORMAT(order_time, '%Y-%m-01') AS month, COUNT(*) FROM t_sales_order_m GROUP BY month;

-- last day of the month (salesorder)
SELECT LAST_DAY(order_time) AS d, COUNT(*) FROM t_sales_order_m GROUP BY d;

-- seconds since midnight (salesorder)
SELECT MIN(TIME_TO_SEC(TIME(order_time))) AS earliest, MAX(TIME_TO_SEC(TIME(order_time))) AS latest FROM t_sales_order_m;

-- opening time by store (salesorder)
SELECT shop_id, MIN(TIME(order_time)) AS first_order, MAX(TIME(order_time)) AS last_order FROM t_sales_order_m GROUP BY shop_id;

-- orders in the rush by store (salesorder)
SELECT shop_id, SUM(TIME(order_time) BETWEEN '08:00:00' AND '10:00:00') AS rush FROM t_sales_order_m GROUP BY shop_id;

-- microseconds of order times (salesorder)
SELECT MAX(MICROSECOND(order_time)) AS us FROM t_sales_order_m;

-- orders by minute of the day (salesorder)
SELECT HOUR(order_time) * 60 + MINUTE(order_time) AS minute_of_day, COUNT(*) AS n FROM t_sales_order_m GROUP BY minute_of_day ORDER BY n DESC, minute_of_day LIMIT 10;

-- preparation target as time (salesorder)
SELECT SEC_TO_TIME(SUM(180)) AS total FROM t_sales_order_m WHERE order_status = 99;

-- order times in London (salesorder)
SELECT order_no, CONVERT_TZ(order_time, 'America/New_York', 'Europe/London') AS london FROM t_sales_order_m ORDER BY order_no LIMIT 10;

-- order times with an offset (salesorder)
SELECT order_no, CONVERT_TZ(order_time, '-05:00', '+00:00') AS utc FROM t_sales_order_m ORDER BY order_no LIMIT 10;

-- orders with a rollup by store and channel (salesorder)
SELECT shop_id, order_channel, COUNT(*) AS n FROM t_sales_order_m GROUP BY shop_id, order_channel WITH ROLLUP;

-- orders by store, and the total named (salesorder)
SELECT IFNULL(CAST(shop_id AS CHAR), 'all') AS store, COUNT(*) AS n FROM t_sales_order_m GROUP BY shop_id WITH ROLLUP;

-- all stores and one total by UNION (salesorder)
SELECT CAST(shop_id AS CHAR) AS store, COUNT(*) AS n FROM t_sales_order_m GROUP BY shop_id UNION ALL SELECT 'total', COUNT(*) FROM t_sales_order_m;

-- stores of two days in one list (salesorder)
SELECT shop_id FROM t_sales_order_m WHERE DATE(order_time) = '2026-02-12' UNION SELECT shop_id FROM t_sales_order_m WHERE DATE(order_time) = '2026-02-14' ORDER BY shop_id;

-- customers of both days (salesorder)
SELECT user_no FROM t_sales_order_m WHERE DATE(order_time) = '2026-02-12' INTERSECT SELECT user_no FROM t_sales_order_m WHERE DATE(order_time) = '2026-02-13';

-- customers of the first day who did not come again (salesorder)
SELECT COUNT(*) FROM (SELECT user_no FROM t_sales_order_m WHERE DATE(order_time) = '2026-02-12' EXCEPT SELECT user_no FROM t_sales_order_m WHERE DATE(order_time) > '2026-02-12') t;

-- cohort of first day by return day (salesorder)
WITH firsts AS (SELECT user_no, MIN(DATE(order_time)) AS cohort FROM t_sales_order_m GROUP BY user_no) SELECT f.cohort, DATEDIFF(o.order_time, f.cohort) AS day_no, COUNT(DISTINCT o.user_no) AS customers FROM t_sales_order_m o JOIN firsts f ON f.user_no = o.user_no GROUP BY f.cohort, day_no ORDER BY 1, 2;

-- two WITH entries joined (salesorder)
WITH n AS (SELECT shop_id, COUNT(*) AS orders FROM t_sales_order_m GROUP BY shop_id), r AS (SELECT shop_id, SUM(pay_amount) AS revenue FROM t_sales_order_m WHERE order_status = 90 GROUP BY shop_id) SELECT n.shop_id, n.orders, r.revenue, r.revenue / n.orders AS per_order FROM n LEFT JOIN r ON r.shop_id = n.shop_id ORDER BY n.shop_id;

-- WITH of WITH (salesorder)
WITH d AS (SELECT DATE(order_time) AS day, pay_amount FROM t_sales_order_m), s AS (SELECT day, SUM(pay_amount) AS total FROM d GROUP BY day) SELECT day, total, total / (SELECT MAX(total) FROM s) AS of_best FROM s ORDER BY day;

-- days of the week by recursion (salesorder)
WITH RECURSIVE days AS (SELECT CAST('2026-02-10' AS DATE) AS d UNION ALL SELECT d + INTERVAL 1 DAY FROM days WHERE d < '2026-02-14') SELECT days.d, COUNT(o.order_id) AS orders FROM days LEFT JOIN t_sales_order_m o ON DATE(o.order_time) = days.d GROUP BY days.d ORDER BY days.d;

-- greatest of three amounts (salesorder)
SELECT order_no, GREATEST(total_amount, pay_amount, discount_amount) AS top, LEAST(total_amount, pay_amount) AS low FROM t_sales_order_m ORDER BY order_no LIMIT 30;

-- amounts in cents (salesorder)
SELECT SUM(CAST(pay_amount * 100 AS SIGNED)) AS cents FROM t_sales_order_m;

-- rounded and truncated amounts (salesorder)
SELECT SUM(ROUND(pay_amount)) AS rounded, SUM(TRUNCATE(pay_amount, 1)) AS cut, SUM(CEIL(pay_amount)) AS up, SUM(FLOOR(pay_amount)) AS down FROM t_sales_order_m;

-- every tenth order (salesorder)
SELECT order_id, pay_amount FROM t_sales_order_m WHERE MOD(order_id, 10) = 0 ORDER BY order_id LIMIT 50;

-- even and odd orders (salesorder)
SELECT order_id % 2 AS odd, COUNT(*) FROM t_sales_order_m GROUP BY odd;

-- status by text of a list (salesorder)
SELECT ELT(FIELD(order_status, 90, 91, 99), 'completed', 'refunded', 'cancelled') AS state, COUNT(*) FROM t_sales_order_m GROUP BY state;

-- formatted revenue (salesorder)
SELECT shop_id, CONCAT('$', FORMAT(SUM(pay_amount), 2)) AS revenue FROM t_sales_order_m GROUP BY shop_id;

-- padded store numbers (salesorder)
SELECT DISTINCT LPAD(shop_id, 8, '0') AS store FROM t_sales_order_m ORDER BY store;

-- order number without its first letter (salesorder)
SELECT SUBSTRING(order_no, 2) AS no FROM t_sales_order_m ORDER BY order_no LIMIT 10;

-- orders whose number ends in seven (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE order_no LIKE '%7';

-- order number reversed (salesorder)
SELECT REVERSE(order_no) AS r FROM t_sales_order_m ORDER BY order_no LIMIT 5;

-- orders as JSON (salesorder)
SELECT JSON_OBJECT('no', order_no, 'paid', pay_amount) AS o FROM t_sales_order_m ORDER BY order_no LIMIT 5;

-- NULL-safe comparison (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE tax_amount <=> NULL;

-- several conditions with OR (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE (order_status = 90 AND pay_amount > 15) OR (order_status = 91 AND NOT order_channel = 'pickup');

-- row values in IN (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE (shop_id, order_status) IN ((10001, 90), (10002, 91));

-- above all orders of a store (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE pay_amount > ALL (SELECT pay_amount FROM t_sales_order_m WHERE shop_id = 10004);

-- as much as some refund (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE pay_amount = ANY (SELECT pay_amount FROM t_sales_order_m WHERE order_status = 91);

-- not one of the refunded customers (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE user_no <> ALL (SELECT user_no FROM t_sales_order_m WHERE order_status = 91);

-- a mean of means (salesorder)
SELECT AVG(m) FROM (SELECT shop_id, AVG(pay_amount) AS m FROM t_sales_order_m GROUP BY shop_id) t;

-- weighted mean price (salesorder)
SELECT SUM(unit_price * quantity) / SUM(quantity) AS mean_price FROM t_order_item;

-- coefficient of variation by product (salesorder)
SELECT spu_code, STDDEV(quantity) / AVG(quantity) AS cv FROM t_order_item GROUP BY spu_code;

-- correlation by hand (salesorder)
SELECT (AVG(total_amount * discount_amount) - AVG(total_amount) * AVG(discount_amount)) / NULLIF(STDDEV_POP(total_amount) * STDDEV_POP(discount_amount), 0) AS r FROM t_sales_order_m;

-- median ticket by row numbers (salesorder)
SELECT AVG(pay_amount) AS median FROM (SELECT pay_amount, ROW_NUMBER() OVER (ORDER BY pay_amount, order_id) AS rn, COUNT(*) OVER () AS n FROM t_sales_order_m) t WHERE rn IN (FLOOR((n + 1) / 2), CEIL((n + 1) / 2));

-- outliers by three deviations (salesorder)
SELECT order_no, pay_amount FROM t_sales_order_m CROSS JOIN (SELECT AVG(pay_amount) AS m, STDDEV_SAMP(pay_amount) AS sd FROM t_sales_order_m) s WHERE ABS(pay_amount - m) > 3 * sd ORDER BY order_no;

-- log and square root of amounts (salesorder)
SELECT ROUND(SUM(SQRT(pay_amount)), 4) AS roots, ROUND(SUM(LN(pay_amount + 1)), 4) AS logs FROM t_sales_order_m;

-- powers (salesorder)
SELECT SUM(POW(quantity, 2)) AS squares, MAX(POWER(2, quantity)) AS top FROM t_order_item;

-- sign of the discount (salesorder)
SELECT SIGN(discount_amount) AS s, COUNT(*) FROM t_sales_order_m GROUP BY s;

-- bits of a status (salesorder)
SELECT order_status & 7 AS low_bits, BIT_COUNT(order_status) AS ones, COUNT(*) FROM t_sales_order_m GROUP BY low_bits, ones;

-- statuses in hexadecimal (salesorder)
SELECT DISTINCT HEX(order_status) AS h FROM t_sales_order_m;

-- binary digits of a status (salesorder)
SELECT DISTINCT BIN(order_status) AS b FROM t_sales_order_m;

-- months between two dates (salesorder)
SELECT PERIOD_DIFF(202602, DATE_FORMAT(MIN(order_time), '%Y%m')) AS months FROM t_sales_order_m;

-- months by TIMESTAMPDIFF (salesorder)
SELECT TIMESTAMPDIFF(MONTH, '2025-11-30', MAX(order_time)) AS months FROM t_sales_order_m;

-- day numbers (salesorder)
SELECT TO_DAYS('2026-02-15') - TO_DAYS(MIN(order_time)) AS days FROM t_sales_order_m;

-- names of stores whose orders came late (salesorder)
SELECT DISTINCT COALESCE(NULLIF(shop_name, ''), CONCAT('store ', shop_id)) AS store FROM t_sales_order_m WHERE HOUR(order_time) >= 19 ORDER BY store;

-- revenue of top stores and the others (salesorder)
SELECT IF(rk <= 3, CAST(shop_id AS CHAR), 'others') AS store, SUM(revenue) AS revenue FROM (SELECT shop_id, SUM(pay_amount) AS revenue, RANK() OVER (ORDER BY SUM(pay_amount) DESC) AS rk FROM t_sales_order_m GROUP BY shop_id) t GROUP BY store;

-- the same orders counted thrice (salesorder)
SELECT COUNT(*) AS n, COUNT(order_id) AS n_id, COUNT(DISTINCT order_id) AS n_distinct FROM t_sales_order_m;

-- distinct combinations (salesorder)
SELECT COUNT(DISTINCT shop_id, order_channel) AS pairs FROM t_sales_order_m;

-- any value of a group (salesorder)
SELECT shop_id, ANY_VALUE(currency_code) AS currency, COUNT(*) FROM t_sales_order_m GROUP BY shop_id;

-- role: data_engineer
-- source: aws-luckyus-salesorder-rw

-- column names with backticks (salesorder)
SELECT `o`.`order_no` AS `no`, `o`.`pay_amount` AS `paid` FROM `t_sales_order_m` AS `o` ORDER BY `o`.`order_no` LIMIT 5;

-- schema-qualified names (salesorder)
SELECT luckyus_sales_order.t_sales_order_m.shop_id, COUNT(*) FROM luckyus_sales_order.t_sales_order_m GROUP BY luckyus_sales_order.t_sales_order_m.shop_id;

-- index hint (salesorder)
SELECT shop_id, COUNT(*) FROM t_sales_order_m FORCE INDEX (PRIMARY) GROUP BY shop_id;

-- natural join of derived tables (salesorder)
SELECT COUNT(*) FROM (SELECT order_id, shop_id FROM t_sales_order_m) a NATURAL JOIN (SELECT order_id, quantity FROM t_order_item) b;

-- right join (salesorder)
SELECT COUNT(*) AS n, COUNT(o.order_id) AS matched FROM t_sales_order_m o RIGHT JOIN t_order_item i ON i.order_id = o.order_id;

-- lateral top item (salesorder)
SELECT o.order_no, t.product_name FROM t_sales_order_m o JOIN LATERAL (SELECT product_name FROM t_order_item i WHERE i.order_id = o.order_id ORDER BY i.item_amount DESC, i.order_item_id LIMIT 1) t ORDER BY o.order_no LIMIT 20;

-- limit with offset (salesorder)
SELECT order_no FROM t_sales_order_m ORDER BY order_no LIMIT 10 OFFSET 20;

-- order by expression (salesorder)
SELECT order_no, pay_amount FROM t_sales_order_m ORDER BY pay_amount / NULLIF(total_amount, 0), order_no LIMIT 15;

-- order by position and case (salesorder)
SELECT order_status, COUNT(*) AS n FROM t_sales_order_m GROUP BY 1 ORDER BY CASE order_status WHEN 90 THEN 0 ELSE 1 END, 2 DESC;

-- role: analyst
-- source: aws-luckyus-salescrm-rw

-- accounts by country (salescrm)
SELECT country_code, COUNT(*) AS accounts FROM t_user GROUP BY country_code;

-- accounts by group (salescrm)
SELECT group_no, COUNT(*) AS accounts FROM t_user GROUP BY group_no ORDER BY accounts DESC, group_no;

-- registrations by month (salescrm)
SELECT DATE_FORMAT(register_time, '%Y-%m') AS month, COUNT(*) AS n FROM t_user GROUP BY month ORDER BY month;

-- registrations by hour of the day (salescrm)
SELECT EXTRACT(HOUR FROM register_time) AS h, COUNT(*) FROM t_user GROUP BY h ORDER BY h;

-- age of accounts in days (salescrm)
SELECT AVG(DATEDIFF('2026-02-15', register_time)) AS days FROM t_user;

-- masked numbers that end alike (salescrm)
SELECT RIGHT(phone, 2) AS tail, COUNT(*) AS n FROM t_user GROUP BY tail ORDER BY n DESC, tail LIMIT 20;

-- accounts without a number (salescrm)
SELECT SUM(phone IS NULL) AS no_phone, SUM(email IS NULL) AS no_email, COUNT(*) AS n FROM t_user;

-- gender by group (salescrm)
SELECT u.group_no, p.gender, COUNT(*) AS n FROM t_user u JOIN t_user_profile p ON p.user_no = u.user_no GROUP BY u.group_no, p.gender ORDER BY 1, 2;

-- accounts with and without a profile (salescrm)
SELECT IF(p.user_no IS NULL, 'no', 'yes') AS has_profile, COUNT(*) AS n FROM t_user u LEFT JOIN t_user_profile p USING (user_no) GROUP BY has_profile;

-- share of each gender (salescrm)
SELECT gender, COUNT(*) / (SELECT COUNT(*) FROM t_user_profile) AS share FROM t_user_profile GROUP BY gender;

-- accounts of one list (salescrm)
SELECT user_no, group_no FROM t_user WHERE user_no IN ('U100000001', 'U100000002', 'U100000003') ORDER BY user_no;

-- newest accounts (salescrm)
SELECT user_no, register_time FROM t_user ORDER BY register_time DESC, user_no LIMIT 20;

-- accounts numbered within their group (salescrm)
SELECT group_no, user_no, ROW_NUMBER() OVER (PARTITION BY group_no ORDER BY register_time, user_no) AS rn FROM t_user ORDER BY group_no, rn LIMIT 100;

-- running number of accounts (salescrm)
SELECT d, SUM(n) OVER (ORDER BY d) AS accounts FROM (SELECT DATE(register_time) AS d, COUNT(*) AS n FROM t_user GROUP BY DATE(register_time)) t ORDER BY d;

-- customer numbers by prefix (salescrm)
SELECT SUBSTR(user_no, 1, 4) AS prefix, COUNT(*) FROM t_user GROUP BY prefix;

-- contacts as they are shown (salescrm)
SELECT user_no, phone, email FROM t_user ORDER BY user_no LIMIT 25;

-- same masked number twice (salescrm)
SELECT phone, COUNT(*) AS n FROM t_user GROUP BY phone HAVING COUNT(*) > 1 ORDER BY n DESC, phone LIMIT 20;

-- role: data_engineer
-- source: aws-luckyus-salescrm-rw

-- domains of addresses (salescrm)
SELECT SUBSTRING_INDEX(email, '@', -1) AS domain, COUNT(*) AS n FROM t_user GROUP BY domain ORDER BY n DESC, domain;

-- addresses by length of the domain (salescrm)
SELECT CHAR_LENGTH(SUBSTRING_INDEX(email, '@', -1)) AS len, COUNT(*) FROM t_user WHERE email LIKE '%@%' GROUP BY len;

-- profiles that lack something (salescrm)
SELECT COUNT(*) AS n, SUM(first_name IS NULL) AS no_first, SUM(gender IS NULL) AS no_gender FROM t_user_profile;

-- profiles of accounts that are gone (salescrm)
SELECT COUNT(*) FROM t_user_profile p LEFT JOIN t_user u ON u.user_no = p.user_no WHERE u.user_no IS NULL;

-- all columns of both (salescrm)
SELECT * FROM t_user u JOIN t_user_profile p ON u.user_no = p.user_no ORDER BY u.user_no LIMIT 20;

-- role: analyst
-- source: aws-luckyus-opshop-rw

-- stores by borough (opshop)
SELECT borough, COUNT(*) AS stores FROM t_shop_info GROUP BY borough ORDER BY stores DESC, borough;

-- stores by age (opshop)
SELECT shop_name, TIMESTAMPDIFF(DAY, open_date, '2026-02-15') AS days FROM t_shop_info ORDER BY days DESC, shop_name;

-- stores opened each month (opshop)
SELECT EXTRACT(YEAR_MONTH FROM open_date) AS ym, COUNT(*) FROM t_shop_info GROUP BY ym ORDER BY ym;

-- northernmost store (opshop)
SELECT shop_name, latitude FROM t_shop_info ORDER BY latitude DESC, id LIMIT 1;

-- distance of stores from Wall Street (opshop)
SELECT shop_name, ROUND(6371 * ACOS(LEAST(1, COS(RADIANS(40.7064)) * COS(RADIANS(latitude)) * COS(RADIANS(longitude) - RADIANS(-74.0094)) + SIN(RADIANS(40.7064)) * SIN(RADIANS(latitude)))), 3) AS km FROM t_shop_info ORDER BY km, id;

-- nearest pairs of stores (opshop)
SELECT a.shop_name AS one, b.shop_name AS other, ROUND(SQRT(POW(a.latitude - b.latitude, 2) + POW(a.longitude - b.longitude, 2)), 5) AS deg FROM t_shop_info a JOIN t_shop_info b ON a.id < b.id ORDER BY deg, a.id, b.id LIMIT 5;

-- stores in the middle (opshop)
SELECT AVG(latitude) AS lat, AVG(longitude) AS lon FROM t_shop_info;

-- names sorted without case (opshop)
SELECT shop_name FROM t_shop_info ORDER BY LOWER(shop_name);

-- addresses that name a street (opshop)
SELECT id, address FROM t_shop_info WHERE address LIKE '%St%' OR address LIKE '%Ave%' ORDER BY id;

-- open stores (opshop)
SELECT status, COUNT(*) FROM t_shop_info GROUP BY status;

-- a store by its name (opshop)
SELECT id, shop_no FROM t_shop_info WHERE shop_name = 'broadway' OR shop_name LIKE 'b%' ORDER BY id;

-- opening years (opshop)
SELECT YEAR(open_date) AS y, GROUP_CONCAT(shop_no ORDER BY shop_no) AS stores FROM t_shop_info GROUP BY y;

-- first store of each borough (opshop)
SELECT borough, shop_name FROM (SELECT borough, shop_name, ROW_NUMBER() OVER (PARTITION BY borough ORDER BY open_date, id) AS rn FROM t_shop_info) t WHERE rn = 1 ORDER BY borough;

-- role: analyst
-- source: aws-luckyus-salespayment-rw

-- trades by state (salespayment)
SELECT trade_status, COUNT(*) AS n, SUM(pay_amount) AS amount FROM t_sales_trade_m GROUP BY trade_status;

-- money received by method (salespayment)
SELECT payment_method, SUM(CASE trade_status WHEN 'success' THEN pay_amount WHEN 'refund' THEN -pay_amount ELSE 0 END) AS net FROM t_sales_trade_m GROUP BY payment_method ORDER BY net DESC;

-- fees as a share of amounts (salespayment)
SELECT payment_channel, ROUND(100 * SUM(channel_fee) / NULLIF(SUM(pay_amount), 0), 3) AS pct FROM t_sales_trade_m WHERE trade_status = 'success' GROUP BY payment_channel;

-- failure rate by hour (salespayment)
SELECT HOUR(trade_time) AS h, SUM(trade_status = 'failed') / COUNT(*) AS failed FROM t_sales_trade_m GROUP BY h ORDER BY h;

-- orders paid in two parts (salespayment)
SELECT order_id, COUNT(*) AS parts, SUM(pay_amount) AS total FROM t_sales_trade_m WHERE trade_status = 'success' GROUP BY order_id HAVING COUNT(*) > 1 ORDER BY order_id;

-- refunds within a day (salespayment)
SELECT COUNT(*) FROM t_sales_trade_m r JOIN t_sales_trade_m s ON s.order_id = r.order_id AND s.trade_status = 'success' WHERE r.trade_status = 'refund' AND TIMESTAMPDIFF(HOUR, s.trade_time, r.trade_time) < 24;

-- failed before they succeeded (salespayment)
SELECT COUNT(DISTINCT f.order_id) FROM t_sales_trade_m f WHERE f.trade_status = 'failed' AND EXISTS (SELECT 1 FROM t_sales_trade_m s WHERE s.order_id = f.order_id AND s.trade_status = 'success' AND s.trade_time >= f.trade_time);

-- cards by last digit (salespayment)
SELECT RIGHT(card_last4, 1) AS digit, COUNT(*) FROM t_sales_trade_m WHERE card_last4 IS NOT NULL GROUP BY digit ORDER BY digit;

-- cards used by several accounts (salespayment)
SELECT card_last4, COUNT(DISTINCT user_no) AS accounts FROM t_sales_trade_m GROUP BY card_last4 HAVING accounts > 3 ORDER BY accounts DESC, card_last4;

-- trades without a card (salespayment)
SELECT payment_method, COUNT(*) FROM t_sales_trade_m WHERE card_last4 IS NULL GROUP BY payment_method;

-- order ids with leading zeros (salespayment)
SELECT COUNT(*) FROM t_sales_trade_m WHERE order_id LIKE '0%';

-- order ids as numbers (salespayment)
SELECT MIN(CAST(order_id AS SIGNED)) AS low, MAX(CAST(order_id AS SIGNED)) AS high FROM t_sales_trade_m;

-- order ids as unsigned numbers (salespayment)
SELECT COUNT(DISTINCT CAST(order_id AS UNSIGNED)) AS orders FROM t_sales_trade_m;

-- daily settlement (salespayment)
SELECT DATE(trade_time) AS d, payment_channel, SUM(pay_amount) AS gross, SUM(channel_fee) AS fees, SUM(pay_amount) - SUM(channel_fee) AS net FROM t_sales_trade_m WHERE trade_status = 'success' GROUP BY d, payment_channel ORDER BY d, payment_channel;

-- share of each method by day (salespayment)
SELECT DATE(trade_time) AS d, payment_method, ROUND(COUNT(*) / SUM(COUNT(*)) OVER (PARTITION BY DATE(trade_time)), 4) AS share FROM t_sales_trade_m GROUP BY DATE(trade_time), payment_method;

-- largest refund of each channel (salespayment)
SELECT payment_channel, MAX(pay_amount) FROM t_sales_trade_m WHERE trade_status = 'refund' GROUP BY payment_channel;

-- trades in ten-dollar bands (salespayment)
SELECT CONCAT(FLOOR(pay_amount / 10) * 10, '+') AS band, COUNT(*) FROM t_sales_trade_m GROUP BY band;

-- first trade of each account (salespayment)
SELECT user_no, MIN(trade_time) AS first_trade FROM t_sales_trade_m GROUP BY user_no ORDER BY first_trade, user_no LIMIT 20;

-- seconds between attempts (salespayment)
SELECT order_id, TIMESTAMPDIFF(SECOND, MIN(trade_time), MAX(trade_time)) AS s FROM t_sales_trade_m GROUP BY order_id HAVING COUNT(*) > 1 ORDER BY s DESC, order_id LIMIT 20;

-- states of an order in their order (salespayment)
SELECT order_id, GROUP_CONCAT(trade_status ORDER BY trade_time, trade_no SEPARATOR ' > ') AS path FROM t_sales_trade_m GROUP BY order_id HAVING COUNT(*) > 1 ORDER BY order_id LIMIT 30;

-- cumulative fees (salespayment)
SELECT DATE(trade_time) AS d, SUM(SUM(channel_fee)) OVER (ORDER BY DATE(trade_time)) AS fees FROM t_sales_trade_m GROUP BY DATE(trade_time);

-- trades on the hour (salespayment)
SELECT COUNT(*) FROM t_sales_trade_m WHERE MINUTE(trade_time) = 0;

-- trade numbers by prefix (salespayment)
SELECT LEFT(trade_no, 2) AS p, MIN(LENGTH(trade_no)) AS shortest, MAX(LENGTH(trade_no)) AS longest FROM t_sales_trade_m GROUP BY p;

-- a refund larger than the sale (salespayment)
SELECT r.order_id FROM (SELECT order_id, SUM(pay_amount) AS back FROM t_sales_trade_m WHERE trade_status = 'refund' GROUP BY order_id) r JOIN (SELECT order_id, SUM(pay_amount) AS paid FROM t_sales_trade_m WHERE trade_status = 'success' GROUP BY order_id) s ON s.order_id = r.order_id WHERE r.back > s.paid;

-- accounts that failed most (salespayment)
SELECT user_no, COUNT(*) AS n FROM t_sales_trade_m WHERE trade_status = 'failed' GROUP BY user_no ORDER BY n DESC, user_no LIMIT 10;

-- method of the first trade (salespayment)
SELECT payment_method, COUNT(*) FROM (SELECT user_no, payment_method, ROW_NUMBER() OVER (PARTITION BY user_no ORDER BY trade_time, trade_no) AS rn FROM t_sales_trade_m) t WHERE rn = 1 GROUP BY payment_method;

-- role: analyst
-- source: aws-luckyus-ifiaccounting-rw

-- entries by type (ifiaccounting)
SELECT entry_type, COUNT(*) AS n, SUM(amount) AS amount FROM t_accounting_entry GROUP BY entry_type;

-- entries by day and type as columns (ifiaccounting)
SELECT DATE(entry_time) AS d, SUM(IF(entry_type = 'sale', amount, 0)) AS sales, SUM(IF(entry_type = 'refund', amount, 0)) AS refunds, SUM(amount) AS net FROM t_accounting_entry GROUP BY DATE(entry_time) ORDER BY d;

-- orders with two entries (ifiaccounting)
SELECT order_serial, COUNT(*) AS entries, SUM(amount) AS amount FROM t_accounting_entry GROUP BY order_serial HAVING COUNT(*) >= 2 ORDER BY order_serial;

-- entries without a trade (ifiaccounting)
SELECT COUNT(*) FROM t_accounting_entry WHERE trade_serial_no IS NULL OR trade_serial_no = '';

-- positive refunds (ifiaccounting)
SELECT COUNT(*) FROM t_accounting_entry WHERE entry_type = 'refund' AND amount > 0;

-- balance after each day (ifiaccounting)
SELECT d, amount, SUM(amount) OVER (ORDER BY d) AS balance FROM (SELECT DATE(entry_time) AS d, SUM(amount) AS amount FROM t_accounting_entry GROUP BY DATE(entry_time)) t;

-- duplicate trades in the books (ifiaccounting)
SELECT trade_serial_no, COUNT(*) AS n FROM t_accounting_entry GROUP BY trade_serial_no HAVING n > 1;

-- bills by number range (ifiaccounting)
SELECT MIN(bill_no) AS first_bill, MAX(bill_no) AS last_bill, COUNT(DISTINCT bill_no) AS bills FROM t_accounting_entry;

-- amounts that are not whole cents (ifiaccounting)
SELECT COUNT(*) FROM t_accounting_entry WHERE amount <> ROUND(amount, 2);

-- digits that amounts begin with (ifiaccounting)
SELECT LEFT(CAST(ABS(amount) AS CHAR), 1) AS digit, COUNT(*) AS n FROM t_accounting_entry WHERE amount <> 0 GROUP BY digit ORDER BY digit;

-- net of every order (ifiaccounting)
SELECT order_serial, SUM(amount) AS net FROM t_accounting_entry GROUP BY order_serial HAVING SUM(amount) <= 0 ORDER BY order_serial;

-- month-end cut-off (ifiaccounting)
SELECT LAST_DAY(entry_time) AS month_end, SUM(amount) AS booked FROM t_accounting_entry WHERE entry_time < '2026-02-15' GROUP BY LAST_DAY(entry_time);

-- refund ratio by hour (ifiaccounting)
SELECT HOUR(entry_time) AS h, ROUND(-SUM(CASE WHEN amount < 0 THEN amount ELSE 0 END) / NULLIF(SUM(CASE WHEN amount > 0 THEN amount END), 0), 4) AS ratio FROM t_accounting_entry GROUP BY h ORDER BY h;

-- entries booked at night (ifiaccounting)
SELECT COUNT(*) FROM t_accounting_entry WHERE TIME(entry_time) < '06:00:00' OR TIME(entry_time) > '23:00:00';

-- role: analyst
-- source: aws-luckyus-fitax-rw

-- tax that was collected (fitax)
SELECT SUM(tax_amount) AS tax, COUNT(*) AS n FROM t_tax_record;

-- rates by place (fitax)
SELECT jurisdiction, MAX(tax_rate) AS rate FROM t_tax_config GROUP BY jurisdiction;

-- effective rate by store (fitax)
SELECT shop_id, SUM(tax_amount) / NULLIF(SUM(taxable_amount), 0) AS rate FROM t_tax_record GROUP BY shop_id;

-- role: analyst
-- source: aws-luckyus-salesmarketing-rw

-- coupons by state (salesmarketing)
SELECT coupon_status, COUNT(*) AS n FROM t_coupon_record GROUP BY coupon_status;

-- redemption by template (salesmarketing)
SELECT t.template_name, COUNT(*) AS issued, SUM(r.coupon_status = 'redeemed') AS used FROM t_coupon_record r JOIN t_coupon_template t USING (template_id) GROUP BY t.template_name ORDER BY used DESC, t.template_name;

-- templates never redeemed (salesmarketing)
SELECT template_id, template_name FROM t_coupon_template t WHERE NOT EXISTS (SELECT 1 FROM t_coupon_record r WHERE r.template_id = t.template_id AND r.coupon_status = 'redeemed') ORDER BY template_id;

-- days until a coupon is used (salesmarketing)
SELECT DATEDIFF(redeem_time, receive_time) AS days, COUNT(*) AS n FROM t_coupon_record WHERE redeem_time IS NOT NULL GROUP BY days ORDER BY days;

-- hours until a coupon is used (salesmarketing)
SELECT template_id, ROUND(AVG(TIMESTAMPDIFF(HOUR, receive_time, redeem_time)), 1) AS hours FROM t_coupon_record WHERE redeem_time IS NOT NULL GROUP BY template_id ORDER BY template_id;

-- coupons about to expire (salesmarketing)
SELECT COUNT(*) FROM t_coupon_record WHERE coupon_status = 'active' AND expire_time BETWEEN NOW() AND DATE_ADD(NOW(), INTERVAL 7 DAY);

-- mean discount of a template (salesmarketing)
SELECT template_id, AVG(discount_amount) AS mean, MAX(discount_amount) AS most FROM t_coupon_record WHERE discount_amount > 0 GROUP BY template_id ORDER BY template_id;

-- accounts with most coupons (salesmarketing)
SELECT user_no, COUNT(*) AS coupons FROM t_coupon_record GROUP BY user_no ORDER BY coupons DESC, user_no LIMIT 10;

-- accounts that used all of theirs (salesmarketing)
SELECT user_no FROM t_coupon_record GROUP BY user_no HAVING SUM(coupon_status <> 'redeemed') = 0 ORDER BY user_no LIMIT 30;

-- templates by audience (salesmarketing)
SELECT audience, COUNT(*) AS templates, AVG(discount_percent) AS percent FROM t_coupon_template GROUP BY audience;

-- coupons received by weekday (salesmarketing)
SELECT WEEKDAY(receive_time) AS wd, COUNT(*) FROM t_coupon_record GROUP BY wd ORDER BY wd;

-- validity in days (salesmarketing)
SELECT DATEDIFF(expire_time, receive_time) AS days, COUNT(*) FROM t_coupon_record GROUP BY days ORDER BY days;

-- used after they expired (salesmarketing)
SELECT COUNT(*) FROM t_coupon_record WHERE redeem_time > expire_time;

-- discount by day (salesmarketing)
SELECT DATE(redeem_time) AS d, SUM(discount_amount) AS usd FROM t_coupon_record WHERE redeem_time >= '2026-02-12' GROUP BY d ORDER BY d;

-- status by template as columns (salesmarketing)
SELECT template_id, SUM(coupon_status = 'active') AS active, SUM(coupon_status = 'expired') AS expired, SUM(coupon_status = 'redeemed') AS redeemed FROM t_coupon_record GROUP BY template_id ORDER BY template_id;

-- mean by variant (salesmarketing)
SELECT experiment_id, variant, metric_name, COUNT(*) AS n, ROUND(AVG(metric_value), 4) AS mean FROM t_ab_test_record GROUP BY experiment_id, variant, metric_name ORDER BY 1, 2, 3;

-- lift of treatment over control (salesmarketing)
SELECT experiment_id, metric_name, ROUND(AVG(CASE WHEN variant = 'treatment' THEN metric_value END) / NULLIF(AVG(CASE WHEN variant = 'control' THEN metric_value END), 0) - 1, 4) AS lift FROM t_ab_test_record GROUP BY experiment_id, metric_name ORDER BY 1, 2;

-- t statistic of an experiment (salesmarketing)
SELECT a.experiment_id, a.metric_name, ROUND((b.m - a.m) / SQRT(a.v / a.n + b.v / b.n), 3) AS t FROM (SELECT experiment_id, metric_name, AVG(metric_value) AS m, VAR_SAMP(metric_value) AS v, COUNT(*) AS n FROM t_ab_test_record WHERE variant = 'control' GROUP BY experiment_id, metric_name) a JOIN (SELECT experiment_id, metric_name, AVG(metric_value) AS m, VAR_SAMP(metric_value) AS v, COUNT(*) AS n FROM t_ab_test_record WHERE variant = 'treatment' GROUP BY experiment_id, metric_name) b USING (experiment_id, metric_name);

-- accounts in both variants (salesmarketing)
SELECT COUNT(*) FROM (SELECT experiment_id, user_no FROM t_ab_test_record GROUP BY experiment_id, user_no HAVING COUNT(DISTINCT variant) > 1) t;

-- experiments by length (salesmarketing)
SELECT experiment_id, MIN(assigned_time) AS began, MAX(assigned_time) AS ended, DATEDIFF(MAX(assigned_time), MIN(assigned_time)) AS days FROM t_ab_test_record GROUP BY experiment_id ORDER BY experiment_id;

-- role: analyst
-- source: aws-luckyus-isalescdp-rw

-- accounts by state now (isalescdp)
SELECT s.user_state, COUNT(*) AS accounts FROM t_user_state s JOIN (SELECT user_no, MAX(update_time) AS last_time FROM t_user_state GROUP BY user_no) m ON m.user_no = s.user_no AND m.last_time = s.update_time GROUP BY s.user_state ORDER BY 1;

-- rows per account (isalescdp)
SELECT n, COUNT(*) AS accounts FROM (SELECT user_no, COUNT(*) AS n FROM t_user_state GROUP BY user_no) t GROUP BY n ORDER BY n;

-- states in words (isalescdp)
SELECT ELT(user_state, 'new', 'active', 'at risk', 'lapsed') AS state, COUNT(*) FROM t_user_state GROUP BY state;

-- favourite drinks out of JSON (isalescdp)
SELECT JSON_UNQUOTE(JSON_EXTRACT(tag_data, '$.favourite')) AS favourite, COUNT(*) AS n FROM t_user_state GROUP BY favourite ORDER BY n DESC, favourite;

-- favourite by the arrow (isalescdp)
SELECT tag_data->>'$.favourite' AS favourite, COUNT(*) AS n FROM t_user_state GROUP BY tag_data->>'$.favourite' ORDER BY n DESC, 1 LIMIT 10;

-- favourite by JSON_VALUE (isalescdp)
SELECT JSON_VALUE(tag_data, '$.favourite') AS favourite, COUNT(*) AS n FROM t_user_state GROUP BY favourite ORDER BY n DESC, favourite LIMIT 10;

-- visits by state (isalescdp)
SELECT user_state, AVG(CAST(JSON_EXTRACT(tag_data, '$.visits_30d') AS SIGNED)) AS visits FROM t_user_state GROUP BY user_state ORDER BY user_state;

-- sensitive to coupons (isalescdp)
SELECT JSON_EXTRACT(tag_data, '$.coupon_sensitive') AS is_sensitive, COUNT(*) FROM t_user_state GROUP BY is_sensitive;

-- keys of the tags (isalescdp)
SELECT JSON_LENGTH(tag_data) AS tags, COUNT(*) FROM t_user_state GROUP BY tags;

-- accounts that changed their state (isalescdp)
SELECT COUNT(*) FROM (SELECT user_no FROM t_user_state GROUP BY user_no HAVING COUNT(DISTINCT user_state) > 1) t;

-- state before and after (isalescdp)
SELECT before_state, user_state, COUNT(*) AS n FROM (SELECT user_state, LAG(user_state) OVER (PARTITION BY user_no ORDER BY update_time, state_id) AS before_state FROM t_user_state) t WHERE before_state IS NOT NULL GROUP BY before_state, user_state ORDER BY 1, 2;

-- updates by day (isalescdp)
SELECT DATE(update_time) AS d, COUNT(*) FROM t_user_state GROUP BY d ORDER BY d DESC LIMIT 14;

-- role: analyst
-- source: aws-luckyus-upush-rw

-- messages by outcome (upush)
SELECT send_status, COUNT(*) AS n FROM t_sms_record GROUP BY send_status;

-- failure rate by hour (upush)
SELECT HOUR(send_time) AS h, AVG(send_status = 'failed') AS failed FROM t_sms_record GROUP BY h ORDER BY h;

-- accounts that got most messages (upush)
SELECT user_no, COUNT(*) AS n FROM t_sms_record GROUP BY user_no ORDER BY n DESC, user_no LIMIT 10;

-- messages in a row to one account (upush)
SELECT COUNT(*) FROM (SELECT TIMESTAMPDIFF(MINUTE, LAG(send_time) OVER (PARTITION BY user_no ORDER BY send_time, sms_id), send_time) AS gap FROM t_sms_record) t WHERE gap < 10;

-- role: data_engineer
-- source: aws-luckyus-iotplatform-rw

-- machines by type and state (iotplatform)
SELECT device_type, device_status, COUNT(*) AS n FROM t_device GROUP BY device_type, device_status ORDER BY 1, 2;

-- offline share by store (iotplatform)
SELECT shop_id, ROUND(AVG(device_status = 'offline'), 3) AS offline FROM t_device GROUP BY shop_id ORDER BY offline DESC, shop_id;

-- firmware, newest first (iotplatform)
SELECT firmware, COUNT(*) AS n FROM t_device GROUP BY firmware ORDER BY CAST(SUBSTRING_INDEX(firmware, '.', 1) AS UNSIGNED) DESC, firmware DESC;

-- silent for a day (iotplatform)
SELECT device_mark FROM t_device WHERE last_seen < DATE_SUB(NOW(), INTERVAL 1 DAY) ORDER BY device_mark LIMIT 50;

-- cups per machine (iotplatform)
SELECT d.device_mark, d.shop_id, COUNT(c.cup_order_id) AS events FROM t_device d LEFT JOIN t_cup_order c ON c.device_mark = d.device_mark GROUP BY d.device_mark, d.shop_id ORDER BY events DESC, d.device_mark LIMIT 50;

-- seconds to brew a cup (iotplatform)
SELECT AVG(TIMESTAMPDIFF(SECOND, s.event_time, f.event_time)) AS seconds FROM t_cup_order s JOIN t_cup_order f ON f.cup_order_id = s.cup_order_id AND f.event_type = 'brew_finished' WHERE s.event_type = 'brew_started';

-- events by minute in the rush (iotplatform)
SELECT DATE_FORMAT(event_time, '%H:%i') AS minute, COUNT(*) AS n FROM t_cup_order WHERE HOUR(event_time) = 8 GROUP BY minute ORDER BY minute;

-- machines that made nothing (iotplatform)
SELECT device_mark FROM t_device WHERE device_mark NOT IN (SELECT device_mark FROM t_cup_order) AND device_status = 'online' ORDER BY device_mark;

-- orders by leading zero (iotplatform)
SELECT order_id LIKE '0%' AS zero, COUNT(*) FROM t_cup_order GROUP BY zero;

-- role: analyst
-- source: aws-luckyus-opproduction-rw

-- seconds by store (opproduction)
SELECT shop_id, COUNT(*) AS drinks, AVG(production_time) AS mean, MAX(production_time) AS slowest FROM t_production_order GROUP BY shop_id ORDER BY mean DESC, shop_id;

-- seconds by product (opproduction)
SELECT spu_code, ROUND(AVG(production_time), 1) AS mean, ROUND(STDDEV(production_time), 1) AS sd FROM t_production_order GROUP BY spu_code ORDER BY mean DESC, spu_code;

-- ninetieth percentile by hand (opproduction)
SELECT shop_id, MAX(production_time) AS p90 FROM (SELECT shop_id, production_time, PERCENT_RANK() OVER (PARTITION BY shop_id ORDER BY production_time) AS pr FROM t_production_order) t WHERE pr <= 0.9 GROUP BY shop_id ORDER BY shop_id;

-- drinks per barista and hour (opproduction)
SELECT barista_id, COUNT(*) / COUNT(DISTINCT DATE_FORMAT(start_time, '%Y-%m-%d %H')) AS per_hour FROM t_production_order GROUP BY barista_id ORDER BY per_hour DESC, barista_id LIMIT 20;

-- waiting by hour (opproduction)
SELECT HOUR(start_time) AS h, AVG(production_time) AS mean, COUNT(*) AS n FROM t_production_order GROUP BY h HAVING n > 20 ORDER BY h;

-- time that disagrees with its ends (opproduction)
SELECT COUNT(*) FROM t_production_order WHERE production_time <> TIMESTAMPDIFF(SECOND, start_time, end_time);

-- baristas who worked in several stores (opproduction)
SELECT barista_id, COUNT(DISTINCT shop_id) AS stores FROM t_production_order GROUP BY barista_id HAVING COUNT(DISTINCT shop_id) > 1;

-- drinks still in the making at nine (opproduction)
SELECT COUNT(*) FROM t_production_order WHERE start_time <= '2026-02-13 09:00:00' AND end_time > '2026-02-13 09:00:00';

-- slowest drink of each store (opproduction)
SELECT shop_id, production_id, production_time FROM (SELECT p.*, RANK() OVER (PARTITION BY shop_id ORDER BY production_time DESC, production_id) AS rk FROM t_production_order p) t WHERE rk = 1 ORDER BY shop_id;

-- time in bands (opproduction)
SELECT INTERVAL(production_time, 60, 120, 180, 300) AS band, COUNT(*) FROM t_production_order GROUP BY band ORDER BY band;

-- role: analyst
-- source: aws-luckyus-opempefficiency-rw

-- hours worked by store (opempefficiency)
SELECT shop_id, ROUND(SUM(TIMESTAMPDIFF(MINUTE, clock_in_time, clock_out_time)) / 60, 1) AS hours FROM t_clock_in GROUP BY shop_id ORDER BY hours DESC, shop_id;

-- late clock-ins (opempefficiency)
SELECT shop_id, SUM(TIME(clock_in_time) > '08:05:00') AS late, COUNT(*) AS shifts FROM t_clock_in GROUP BY shop_id;

-- planned beside worked (opempefficiency)
SELECT s.shop_id, SUM(s.planned_hours) AS planned, (SELECT ROUND(SUM(TIMESTAMPDIFF(MINUTE, c.clock_in_time, c.clock_out_time)) / 60, 1) FROM t_clock_in c WHERE c.shop_id = s.shop_id) AS worked FROM t_schedule s GROUP BY s.shop_id ORDER BY s.shop_id;

-- shifts longer than eight hours (opempefficiency)
SELECT COUNT(*) FROM t_clock_in WHERE TIMEDIFF(clock_out_time, clock_in_time) > '08:00:00';

-- weeks by planned hours (opempefficiency)
SELECT week_start, SUM(planned_hours) AS hours, SUM(planned_shifts) AS shifts, SUM(planned_hours) / SUM(planned_shifts) AS per_shift FROM t_schedule GROUP BY week_start ORDER BY week_start;

-- staff on shift at noon (opempefficiency)
SELECT shop_id, COUNT(*) FROM t_clock_in WHERE '2026-02-13 12:00:00' BETWEEN clock_in_time AND clock_out_time GROUP BY shop_id;

-- weeks that begin on a Monday (opempefficiency)
SELECT DAYNAME(week_start) AS d, COUNT(*) FROM t_schedule GROUP BY d;

-- role: analyst
-- source: aws-luckyus-scm-shopstock-rw

-- stock by article (scm-shopstock)
SELECT goods_mid, SUM(stock_quantity) AS stock FROM t_shop_goods_stock GROUP BY goods_mid ORDER BY stock, goods_mid;

-- changes by type (scm-shopstock)
SELECT change_type, COUNT(*) AS n, SUM(quantity_change) AS total FROM t_stock_change GROUP BY change_type;

-- waste by store and article (scm-shopstock)
SELECT shop_dept_id, goods_mid, -SUM(quantity_change) AS wasted FROM t_stock_change WHERE change_type = 'waste' GROUP BY shop_dept_id, goods_mid ORDER BY wasted DESC, 1, 2 LIMIT 25;

-- waste rate (scm-shopstock)
SELECT goods_mid, ROUND(-SUM(IF(change_type = 'waste', quantity_change, 0)) / NULLIF(-SUM(IF(change_type = 'sale', quantity_change, 0)), 0), 4) AS rate FROM t_stock_change GROUP BY goods_mid ORDER BY rate DESC, goods_mid;

-- balance at the end of each day (scm-shopstock)
SELECT shop_dept_id, goods_mid, d, running_balance FROM (SELECT shop_dept_id, goods_mid, DATE(change_time) AS d, running_balance, ROW_NUMBER() OVER (PARTITION BY shop_dept_id, goods_mid, DATE(change_time) ORDER BY change_time DESC, change_id DESC) AS rn FROM t_stock_change) t WHERE rn = 1 ORDER BY 1, 2, 3 LIMIT 100;

-- days of cover (scm-shopstock)
SELECT s.shop_dept_id, s.goods_mid, s.stock_quantity / NULLIF(u.per_day, 0) AS days FROM t_shop_goods_stock s JOIN (SELECT shop_dept_id, goods_mid, -SUM(quantity_change) / COUNT(DISTINCT DATE(change_time)) AS per_day FROM t_stock_change WHERE change_type = 'sale' GROUP BY shop_dept_id, goods_mid) u ON u.shop_dept_id = s.shop_dept_id AND u.goods_mid = s.goods_mid ORDER BY days, 1, 2 LIMIT 50;

-- below twenty (scm-shopstock)
SELECT shop_dept_id, goods_mid, stock_quantity FROM t_shop_goods_stock WHERE stock_quantity < 20 ORDER BY stock_quantity, 1, 2;

-- stock as it is and as it moved (scm-shopstock)
SELECT s.shop_dept_id, s.goods_mid, s.stock_quantity, m.moved FROM t_shop_goods_stock s LEFT JOIN (SELECT shop_dept_id, goods_mid, SUM(quantity_change) AS moved FROM t_stock_change GROUP BY shop_dept_id, goods_mid) m USING (shop_dept_id, goods_mid) ORDER BY 1, 2 LIMIT 100;

-- ABC of articles by use (scm-shopstock)
SELECT goods_mid, used, CASE WHEN so_far <= 0.8 THEN 'A' WHEN so_far <= 0.95 THEN 'B' ELSE 'C' END AS class FROM (SELECT goods_mid, used, SUM(used) OVER (ORDER BY used DESC, goods_mid) / SUM(used) OVER () AS so_far FROM (SELECT goods_mid, -SUM(quantity_change) AS used FROM t_stock_change WHERE change_type = 'sale' GROUP BY goods_mid) u) t ORDER BY used DESC, goods_mid;

-- adjustments upwards and downwards (scm-shopstock)
SELECT SUM(GREATEST(quantity_change, 0)) AS up, SUM(LEAST(quantity_change, 0)) AS down FROM t_stock_change WHERE change_type = 'adjustment';

-- role: analyst
-- source: aws-luckyus-scm-plan-rw

-- predictions by day (scm-plan)
SELECT predict_date, SUM(predict_qty) AS pieces FROM t_demand_prediction GROUP BY predict_date ORDER BY predict_date;

-- days ahead (scm-plan)
SELECT DATEDIFF(predict_date, made_date) AS ahead, AVG(confidence) AS confidence, COUNT(*) AS n FROM t_demand_prediction GROUP BY ahead ORDER BY ahead;

-- latest prediction of each day (scm-plan)
SELECT shop_id, goods_mid, predict_date, predict_qty FROM t_demand_prediction p WHERE made_date = (SELECT MAX(q.made_date) FROM t_demand_prediction q WHERE q.shop_id = p.shop_id AND q.goods_mid = p.goods_mid AND q.predict_date = p.predict_date) ORDER BY 1, 2, 3, 4 LIMIT 100;

-- confidence in tenths (scm-plan)
SELECT ROUND(confidence, 1) AS c, COUNT(*) FROM t_demand_prediction GROUP BY c ORDER BY c;

-- models beside each other (scm-plan)
SELECT predict_date, MAX(CASE WHEN model_version LIKE '%1%' THEN predict_qty END) AS one, MAX(CASE WHEN model_version LIKE '%2%' THEN predict_qty END) AS two FROM t_demand_prediction GROUP BY predict_date ORDER BY predict_date;

-- how predictions moved (scm-plan)
SELECT shop_id, goods_mid, predict_date, MAX(predict_qty) - MIN(predict_qty) AS spread FROM t_demand_prediction GROUP BY shop_id, goods_mid, predict_date HAVING COUNT(*) > 1 ORDER BY spread DESC, 1, 2, 3 LIMIT 20;

-- role: analyst
-- source: aws-luckyus-ireplenishment-rw

-- predicted orders by store (ireplenishment)
SELECT shop_dept_id, SUM(predict_qty) AS qty FROM t_order_prediction GROUP BY shop_dept_id ORDER BY qty DESC, 1;

-- predicted orders of the next week (ireplenishment)
SELECT goods_mid, SUM(predict_qty) FROM t_order_prediction WHERE predict_date BETWEEN '2026-02-15' AND DATE_ADD('2026-02-15', INTERVAL 1 WEEK) GROUP BY goods_mid ORDER BY goods_mid;

-- certain predictions (ireplenishment)
SELECT model_version, SUM(confidence >= 0.8) AS certain, COUNT(*) AS n FROM t_order_prediction GROUP BY model_version;

-- role: analyst
-- source: aws-luckyus-scmcommodity-rw

-- names in either language (scmcommodity)
SELECT spu_code, COALESCE(name_en, name_cn) AS name FROM t_commodity_base_info WHERE spu_code IS NOT NULL ORDER BY spu_code;

-- untranslated (scmcommodity)
SELECT category, COUNT(*) AS n FROM t_commodity_base_info WHERE name_en IS NULL GROUP BY category;

-- dearest of each category (scmcommodity)
SELECT category, name_en, base_price FROM t_commodity_base_info c WHERE base_price = (SELECT MAX(base_price) FROM t_commodity_base_info x WHERE x.category = c.category) ORDER BY category, name_en;

-- articles by price band (scmcommodity)
SELECT CASE WHEN base_price < 3 THEN 'low' WHEN base_price < 6 THEN 'middle' ELSE 'high' END AS band, COUNT(*) AS n, AVG(base_price) AS mean FROM t_commodity_base_info GROUP BY band;

-- Chinese names by length (scmcommodity)
SELECT CHAR_LENGTH(name_cn) AS chars, LENGTH(name_cn) AS bytes, COUNT(*) FROM t_commodity_base_info GROUP BY chars, bytes ORDER BY 1, 2;

-- names that hold milk (scmcommodity)
SELECT name_en, name_cn FROM t_commodity_base_info WHERE name_en LIKE '%milk%' OR name_cn LIKE '%奶%' ORDER BY goods_mid;

-- prices with tax (scmcommodity)
SELECT spu_code, base_price, ROUND(base_price * 1.08875, 2) AS with_tax FROM t_commodity_base_info WHERE category <> 'material' ORDER BY goods_mid;

-- role: data_engineer
-- source: aws-luckyus-isalesmembermarketing-rw

-- points that nobody has (isalesmembermarketing)
SELECT COUNT(*) AS n, SUM(points) AS points FROM t_member_points;

-- tiers (isalesmembermarketing)
SELECT t.tier_name, COUNT(p.points_id) FROM t_member_tier t LEFT JOIN t_member_points p ON p.points >= t.points_min GROUP BY t.tier_name;

-- role: data_engineer
-- source: aws-luckyus-salesorder-rw

-- row count by table half (salesorder)
SELECT 'orders' AS t, COUNT(*) AS n FROM t_sales_order_m UNION ALL SELECT 'items', COUNT(*) FROM t_order_item;

-- keys that are not unique (salesorder)
SELECT order_id, COUNT(*) AS n FROM t_sales_order_m GROUP BY order_id HAVING COUNT(*) > 1;

-- gaps in the keys (salesorder)
SELECT o.order_id + 1 AS gap FROM t_sales_order_m o LEFT JOIN t_sales_order_m n ON n.order_id = o.order_id + 1 WHERE n.order_id IS NULL ORDER BY gap LIMIT 20;

-- widest values (salesorder)
SELECT MAX(LENGTH(remark)) AS remark, MAX(LENGTH(shop_name)) AS shop_name, MAX(LENGTH(order_no)) AS order_no FROM t_sales_order_m;

-- most frequent values of a column (salesorder)
SELECT order_channel AS value, COUNT(*) AS n, ROUND(100 * COUNT(*) / (SELECT COUNT(*) FROM t_sales_order_m), 2) AS pct FROM t_sales_order_m GROUP BY order_channel ORDER BY n DESC LIMIT 10;

-- cardinality of columns (salesorder)
SELECT COUNT(DISTINCT shop_id) AS shops, COUNT(DISTINCT user_no) AS users, COUNT(DISTINCT DATE(order_time)) AS days FROM t_sales_order_m;

-- rows by day for a partition plan (salesorder)
SELECT TO_DAYS(order_time) AS day_no, COUNT(*) AS n FROM t_sales_order_m GROUP BY day_no ORDER BY day_no;

-- rows older than a limit (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE order_time < DATE_SUB('2026-02-15', INTERVAL 2 DAY);

-- negative or missing amounts (salesorder)
SELECT SUM(pay_amount < 0) AS negative, SUM(pay_amount IS NULL) AS missing, SUM(pay_amount > total_amount) AS above FROM t_sales_order_m;

-- blanks around values (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE shop_name <> TRIM(shop_name);

-- double brackets behind ALL (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE user_no <> ALL ((SELECT user_no FROM t_sales_order_m WHERE order_status = 91));

-- double brackets behind IN (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE user_no IN ((SELECT user_no FROM t_sales_order_m WHERE order_status = 91));

-- rollup and another list by UNION (salesorder)
SELECT shop_id, COUNT(*) AS n FROM t_sales_order_m GROUP BY shop_id WITH ROLLUP UNION ALL SELECT -1, COUNT(*) FROM t_order_item;

-- rollup in brackets and another list (salesorder)
(SELECT shop_id, COUNT(*) AS n FROM t_sales_order_m GROUP BY shop_id WITH ROLLUP) UNION ALL SELECT -1, COUNT(*) FROM t_order_item;

-- full months between dates (salesorder)
SELECT shop_id, TIMESTAMPDIFF(MONTH, '2025-11-30', MAX(order_time)) AS months FROM t_sales_order_m GROUP BY shop_id;

-- full years between dates (salesorder)
SELECT TIMESTAMPDIFF(YEAR, '2024-02-29', MAX(order_time)) AS years FROM t_sales_order_m;

-- full quarters between dates (salesorder)
SELECT TIMESTAMPDIFF(QUARTER, '2025-08-31', MIN(order_time)) AS quarters FROM t_sales_order_m;

-- weeks between dates (salesorder)
SELECT TIMESTAMPDIFF(WEEK, '2026-01-01', MAX(order_time)) AS weeks FROM t_sales_order_m;

-- compared as bytes (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE BINARY order_channel = 'PICKUP';

-- text with a collation (salesorder)
SELECT DISTINCT order_channel FROM t_sales_order_m WHERE order_channel COLLATE utf8mb4_general_ci = 'PICKUP';

-- a quoted word with an apostrophe (salesorder)
SELECT COUNT(*) FROM t_sales_order_m WHERE shop_name = 'Joe''s' OR shop_name = "Joe's";

-- nothing but a constant (salesorder)
SELECT 1 AS one, 'a' AS letter, NULL AS nothing;

-- arithmetic alone (salesorder)
SELECT 7 DIV 2 AS whole, 7 % 2 AS rest, 7 / 2 AS part, ROUND(2.5) AS up;

-- a condition on an aggregate and a row (salesorder)
SELECT shop_id, SUM(pay_amount) AS r FROM t_sales_order_m WHERE order_status = 90 GROUP BY shop_id HAVING r > 100 AND COUNT(*) > 10 ORDER BY r DESC;

-- order by a column that is not shown (salesorder)
SELECT order_no FROM t_sales_order_m ORDER BY pay_amount DESC, order_id LIMIT 10;

-- exists within CASE (salesorder)
SELECT SUM(CASE WHEN EXISTS (SELECT 1 FROM t_order_item i WHERE i.order_id = o.order_id AND i.quantity >= 3) THEN 1 ELSE 0 END) AS big FROM t_sales_order_m o;

-- nested three deep (salesorder)
SELECT COUNT(*) FROM t_order_item WHERE order_id IN (SELECT order_id FROM t_sales_order_m WHERE user_no IN (SELECT user_no FROM t_sales_order_m GROUP BY user_no HAVING COUNT(*) > 3));

-- role: data_engineer
-- source: aws-luckyus-opempefficiency-rw

-- clock-ins without a plan (opempefficiency)
SELECT COUNT(*) FROM t_clock_in c WHERE NOT EXISTS (SELECT 1 FROM t_schedule s WHERE s.employee_id = c.employee_id AND c.clock_in_time >= s.week_start);

-- mean length of a shift in hours (opempefficiency)
SELECT shop_id, ROUND(AVG(TIMESTAMPDIFF(MINUTE, clock_in_time, clock_out_time)) / 60, 2) AS hours FROM t_clock_in GROUP BY shop_id ORDER BY shop_id;

-- two shifts at one time (opempefficiency)
SELECT COUNT(*) FROM t_clock_in a JOIN t_clock_in b ON a.employee_id = b.employee_id AND a.clock_id < b.clock_id AND a.clock_in_time < b.clock_out_time AND b.clock_in_time < a.clock_out_time;

-- days worked by person (opempefficiency)
SELECT employee_id, COUNT(DISTINCT DATE(clock_in_time)) AS days FROM t_clock_in GROUP BY employee_id ORDER BY days DESC, employee_id LIMIT 20;

-- role: data_engineer
-- source: aws-luckyus-iotplatform-rw

-- machines by the first number of their firmware (iotplatform)
SELECT SUBSTRING_INDEX(firmware, '.', 1) AS major, COUNT(*) FROM t_device GROUP BY major ORDER BY major;

-- events of unknown machines (iotplatform)
SELECT COUNT(*) FROM t_cup_order c LEFT JOIN t_device d ON d.device_mark = c.device_mark WHERE d.device_mark IS NULL;

-- last event of a machine beside its state (iotplatform)
SELECT d.device_mark, d.device_status, MAX(c.event_time) AS last_event FROM t_device d LEFT JOIN t_cup_order c ON c.device_mark = d.device_mark GROUP BY d.device_mark, d.device_status ORDER BY d.device_mark LIMIT 40;
