-- corpus: tpch
-- dialect: duckdb
-- role: analyst
-- source: tpch
-- origin: the 22 questions that TPC-H describes, each written anew over its schema; data by a seeded generator of our own
-- licence: Apache-2.0

-- 1 price summary of what was shipped
SELECT l_returnflag, l_linestatus, SUM(l_quantity) AS pieces, SUM(l_extendedprice) AS gross,
  SUM(l_extendedprice * (1 - l_discount)) AS net, SUM(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS charged,
  AVG(l_quantity) AS mean_pieces, AVG(l_extendedprice) AS mean_price, AVG(l_discount) AS mean_discount, COUNT(*) AS line_count
FROM lineitem WHERE l_shipdate <= DATE '1998-12-01' - INTERVAL 68 DAY
GROUP BY l_returnflag, l_linestatus ORDER BY 1, 2;

-- 2 the cheapest supplier of a part in one region
SELECT s.s_acctbal, s.s_name, n.n_name, p.p_partkey, p.p_mfgr, s.s_address, s.s_phone
FROM part p JOIN partsupp ps ON ps.ps_partkey = p.p_partkey JOIN supplier s ON s.s_suppkey = ps.ps_suppkey
  JOIN nation n ON n.n_nationkey = s.s_nationkey JOIN region r ON r.r_regionkey = n.n_regionkey
WHERE p.p_size > 10 AND p.p_type LIKE '%BRASS' AND r.r_name = 'EUROPE'
  AND ps.ps_supplycost = (SELECT MIN(other.ps_supplycost) FROM partsupp other, supplier os, nation o, region re
    WHERE other.ps_partkey = p.p_partkey AND os.s_suppkey = other.ps_suppkey AND o.n_nationkey = os.s_nationkey
      AND re.r_regionkey = o.n_regionkey AND re.r_name = 'EUROPE')
ORDER BY s.s_acctbal DESC, n.n_name, s.s_name, p.p_partkey LIMIT 100;

-- 3 orders not shipped yet, the most valuable first
SELECT o.o_orderkey, SUM(l.l_extendedprice * (1 - l.l_discount)) AS value, o.o_orderdate, o.o_shippriority
FROM customer c, orders o, lineitem l
WHERE c.c_mktsegment = 'FURNITURE' AND o.o_custkey = c.c_custkey AND l.l_orderkey = o.o_orderkey
  AND o.o_orderdate < DATE '1995-03-20' AND l.l_shipdate > DATE '1995-03-20'
GROUP BY o.o_orderkey, o.o_orderdate, o.o_shippriority ORDER BY value DESC, o.o_orderdate, o.o_orderkey LIMIT 10;

-- 4 orders with a late line, by priority
SELECT o_orderpriority, COUNT(*) AS late_orders FROM orders
WHERE o_orderdate >= DATE '1994-04-01' AND o_orderdate < DATE '1994-04-01' + INTERVAL 3 MONTH
  AND EXISTS (SELECT 1 FROM lineitem WHERE l_orderkey = o_orderkey AND l_receiptdate > l_commitdate)
GROUP BY o_orderpriority ORDER BY o_orderpriority;

-- 5 revenue of local suppliers by nation
SELECT n.n_name, SUM(l.l_extendedprice * (1 - l.l_discount)) AS revenue
FROM customer c JOIN orders o ON o.o_custkey = c.c_custkey JOIN lineitem l ON l.l_orderkey = o.o_orderkey
  JOIN supplier s ON s.s_suppkey = l.l_suppkey AND s.s_nationkey = c.c_nationkey
  JOIN nation n ON n.n_nationkey = s.s_nationkey JOIN region r ON r.r_regionkey = n.n_regionkey
WHERE o.o_orderdate >= DATE '1994-01-01' AND o.o_orderdate < DATE '1997-01-01'
GROUP BY n.n_name ORDER BY revenue DESC;

-- 6 what other discounts would have brought
SELECT SUM(l_extendedprice * l_discount) AS given_away FROM lineitem
WHERE l_shipdate >= DATE '1995-01-01' AND l_shipdate < DATE '1996-01-01' AND l_discount BETWEEN 0.04 AND 0.08 AND l_quantity < 25;

-- 7 trade between two nations by year
SELECT seller, buyer, shipped_in, SUM(volume) AS revenue FROM (
  SELECT sn.n_name AS seller, cn.n_name AS buyer, EXTRACT(YEAR FROM l.l_shipdate) AS shipped_in, l.l_extendedprice * (1 - l.l_discount) AS volume
  FROM supplier s, lineitem l, orders o, customer c, nation sn, nation cn
  WHERE s.s_suppkey = l.l_suppkey AND o.o_orderkey = l.l_orderkey AND c.c_custkey = o.o_custkey AND s.s_nationkey = sn.n_nationkey
    AND c.c_nationkey = cn.n_nationkey AND sn.n_name <> cn.n_name AND sn.n_regionkey = 3 AND cn.n_regionkey = 1) AS trade
GROUP BY seller, buyer, shipped_in ORDER BY seller, buyer, shipped_in;

-- 8 market share of a nation by year
SELECT sold_in, SUM(CASE WHEN nation = 'CHINA' THEN volume ELSE 0 END) / SUM(volume) AS share FROM (
  SELECT EXTRACT(YEAR FROM o.o_orderdate) AS sold_in, l.l_extendedprice * (1 - l.l_discount) AS volume, sn.n_name AS nation
  FROM part p JOIN lineitem l ON l.l_partkey = p.p_partkey JOIN supplier s ON s.s_suppkey = l.l_suppkey
    JOIN orders o ON o.o_orderkey = l.l_orderkey JOIN customer c ON c.c_custkey = o.o_custkey
    JOIN nation cn ON cn.n_nationkey = c.c_nationkey JOIN region r ON r.r_regionkey = cn.n_regionkey JOIN nation sn ON sn.n_nationkey = s.s_nationkey
  WHERE r.r_name = 'ASIA' AND p.p_type LIKE '%STEEL') AS sales
GROUP BY sold_in ORDER BY sold_in;

-- 9 profit by nation and year
SELECT nation, sold_in, SUM(amount) AS profit FROM (
  SELECT n.n_name AS nation, YEAR(o.o_orderdate) AS sold_in, l.l_extendedprice * (1 - l.l_discount) - ps.ps_supplycost * l.l_quantity AS amount
  FROM part p, supplier s, lineitem l, partsupp ps, orders o, nation n
  WHERE s.s_suppkey = l.l_suppkey AND ps.ps_suppkey = l.l_suppkey AND ps.ps_partkey = l.l_partkey AND p.p_partkey = l.l_partkey
    AND o.o_orderkey = l.l_orderkey AND s.s_nationkey = n.n_nationkey AND p.p_name LIKE '%green%') AS parts_sold
GROUP BY nation, sold_in ORDER BY nation, sold_in DESC;

-- 10 customers who returned most
SELECT c.c_custkey, c.c_name, SUM(l.l_extendedprice * (1 - l.l_discount)) AS lost, c.c_acctbal, n.n_name, c.c_address, c.c_phone, c.c_comment
FROM customer c JOIN orders o ON o.o_custkey = c.c_custkey JOIN lineitem l ON l.l_orderkey = o.o_orderkey JOIN nation n ON n.n_nationkey = c.c_nationkey
WHERE l.l_returnflag = 'R' AND o.o_orderdate >= DATE '1993-10-01' AND o.o_orderdate < DATE '1994-10-01'
GROUP BY c.c_custkey, c.c_name, c.c_acctbal, c.c_phone, n.n_name, c.c_address, c.c_comment ORDER BY lost DESC, c.c_custkey LIMIT 20;

-- 11 parts that hold much of a nation's stock
SELECT ps_partkey, SUM(ps_supplycost * ps_availqty) AS worth FROM partsupp, supplier, nation
WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_regionkey = 3 GROUP BY ps_partkey
HAVING SUM(ps_supplycost * ps_availqty) > (SELECT SUM(ps_supplycost * ps_availqty) * 0.01 FROM partsupp, supplier, nation
  WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_regionkey = 3)
ORDER BY worth DESC;

-- 12 urgent orders by means of transport
SELECT l_shipmode, SUM(CASE WHEN o_orderpriority IN ('1-URGENT', '2-HIGH') THEN 1 ELSE 0 END) AS urgent,
  SUM(CASE WHEN o_orderpriority NOT IN ('1-URGENT', '2-HIGH') THEN 1 ELSE 0 END) AS others
FROM orders JOIN lineitem ON l_orderkey = o_orderkey
WHERE l_shipmode IN ('MAIL', 'SHIP') AND l_commitdate < l_receiptdate AND l_shipdate < l_commitdate AND l_receiptdate >= DATE '1994-01-01'
GROUP BY l_shipmode ORDER BY l_shipmode;

-- 13 customers by how many orders they placed
SELECT placed, COUNT(*) AS customers FROM (
  SELECT c.c_custkey, COUNT(o.o_orderkey) FROM customer c LEFT OUTER JOIN orders o ON o.o_custkey = c.c_custkey AND o.o_comment NOT LIKE '%special%requests%'
  GROUP BY c.c_custkey) AS counted (custkey, placed)
GROUP BY placed ORDER BY customers DESC, placed DESC;

-- 14 share of promoted parts
SELECT 100.00 * SUM(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END) / SUM(l_extendedprice * (1 - l_discount)) AS promo_share
FROM lineitem, part WHERE l_partkey = p_partkey AND l_shipdate >= DATE '1995-09-01' AND l_shipdate < DATE '1995-09-01' + INTERVAL 6 MONTH;

-- 15 the supplier who sold most in a quarter
WITH sold (suppkey, total) AS (
  SELECT l_suppkey, SUM(l_extendedprice * (1 - l_discount)) FROM lineitem
  WHERE l_shipdate >= DATE '1996-01-01' AND l_shipdate < DATE '1996-01-01' + INTERVAL 3 MONTH GROUP BY l_suppkey)
SELECT s_suppkey, s_name, s_address, s_phone, total FROM supplier JOIN sold ON s_suppkey = suppkey
WHERE total = (SELECT MAX(total) FROM sold) ORDER BY s_suppkey;

-- 16 how many suppliers without complaints offer a kind of part
SELECT p_brand, p_type, p_size, COUNT(DISTINCT ps_suppkey) AS suppliers FROM partsupp JOIN part ON p_partkey = ps_partkey
WHERE p_brand <> 'Brand#45' AND p_type NOT LIKE 'MEDIUM POLISHED%' AND p_size IN (3, 9, 14, 19, 23, 36, 45, 49)
  AND ps_suppkey NOT IN (SELECT s_suppkey FROM supplier WHERE s_comment LIKE '%Customer%Complaints%')
GROUP BY p_brand, p_type, p_size ORDER BY suppliers DESC, p_brand, p_type, p_size;

-- 17 yearly revenue lost without small orders
SELECT SUM(l.l_extendedprice) / 7.0 AS a_year FROM lineitem l JOIN part p ON p.p_partkey = l.l_partkey
WHERE p.p_brand = 'Brand#23' AND l.l_quantity < (SELECT 0.4 * AVG(x.l_quantity) FROM lineitem x WHERE x.l_partkey = p.p_partkey);

-- 18 customers with large orders
SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, SUM(l_quantity) AS pieces FROM customer, orders, lineitem
WHERE o_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING SUM(l_quantity) > 150)
  AND c_custkey = o_custkey AND o_orderkey = l_orderkey
GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice ORDER BY o_totalprice DESC, o_orderdate, o_orderkey LIMIT 100;

-- 19 revenue of parts by container and size
SELECT SUM(l_extendedprice * (1 - l_discount)) AS revenue FROM lineitem, part
WHERE (p_partkey = l_partkey AND p_brand = 'Brand#12' AND p_container IN ('SM CASE', 'SM BOX', 'SM BAG', 'SM PKG') AND l_quantity BETWEEN 1 AND 31 AND p_size BETWEEN 1 AND 15 AND l_shipmode IN ('AIR', 'REG AIR'))
   OR (p_partkey = l_partkey AND p_brand = 'Brand#23' AND p_container IN ('MED BAG', 'MED BOX', 'MED PKG') AND l_quantity BETWEEN 10 AND 40 AND p_size BETWEEN 1 AND 30 AND l_shipmode IN ('AIR', 'REG AIR'))
   OR (p_partkey = l_partkey AND p_brand = 'Brand#34' AND p_container LIKE 'LG%' AND l_quantity BETWEEN 20 AND 50 AND p_size BETWEEN 1 AND 45 AND l_shipinstruct = 'DELIVER IN PERSON');

-- 20 suppliers with more stock than they need
SELECT s_name, s_address FROM supplier, nation
WHERE s_suppkey IN (SELECT ps_suppkey FROM partsupp WHERE ps_partkey IN (SELECT p_partkey FROM part WHERE p_name LIKE 'forest%')
    AND ps_availqty > (SELECT 0.5 * SUM(l_quantity) FROM lineitem WHERE l_partkey = ps_partkey AND l_suppkey = ps_suppkey AND l_shipdate >= DATE '1992-01-01'))
  AND s_nationkey = n_nationkey ORDER BY s_name;

-- 21 suppliers who alone kept an order waiting
SELECT s.s_name, COUNT(*) AS waited FROM supplier s JOIN lineitem a ON a.l_suppkey = s.s_suppkey JOIN orders o ON o.o_orderkey = a.l_orderkey
WHERE o.o_orderstatus = 'F' AND a.l_receiptdate > a.l_commitdate
  AND EXISTS (SELECT * FROM lineitem b WHERE b.l_orderkey = a.l_orderkey AND b.l_suppkey <> a.l_suppkey)
  AND NOT EXISTS (SELECT * FROM lineitem b WHERE b.l_orderkey = a.l_orderkey AND b.l_suppkey <> a.l_suppkey AND b.l_receiptdate > b.l_commitdate)
GROUP BY s.s_name ORDER BY waited DESC, s.s_name LIMIT 100;

-- 22 customers with money and no orders, by the first of four digits
SELECT code, COUNT(*) AS customers, SUM(balance) AS money FROM (
  SELECT SUBSTRING(c_phone FROM 9 FOR 1) AS code, c_acctbal AS balance FROM customer
  WHERE SUBSTRING(c_phone FROM 9 FOR 1) IN ('1', '3', '5', '7', '8') AND c_acctbal > (SELECT AVG(c_acctbal) FROM customer WHERE c_acctbal > 0.00)
    AND NOT EXISTS (SELECT * FROM orders WHERE o_custkey = c_custkey AND o_orderdate > DATE '1998-01-01')) AS idle
GROUP BY code ORDER BY code;
