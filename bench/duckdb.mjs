// duckdb.mjs: the same questions to DuckDB, on the same rows, in one thread.
//   usage: node duckdb.mjs EVENTS.csv ROUNDS   (in a folder where @duckdb/node-api is installed)
// Prints name|rows|median CPU seconds|answer.
import { createRequire } from 'node:module';
const { DuckDBInstance } = createRequire(process.cwd() + '/')('@duckdb/node-api');

const [file, rounds] = [process.argv[2], Number(process.argv[3])];
const db = await (await DuckDBInstance.create(':memory:')).connect();
await db.run('SET threads = 1');
await db.run(`SET TimeZone = 'UTC'`);
await db.run(`CREATE TABLE event AS SELECT * FROM read_csv('${file}', header = true, columns = {
    'lead': 'INTEGER', 'moment': 'TIMESTAMP', 'stage': 'VARCHAR', 'channel': 'VARCHAR', 'value': 'DOUBLE'})`);
const rows = Number((await db.runAndReadAll('SELECT count(*) FROM event')).getRowsJson()[0][0]);

const steps = ['new', 'contacted', 'qualified', 'proposal', 'won'];
const chain = steps.map((step, i) => i === 0
  ? `s1 AS (SELECT *, max(moment) FILTER (WHERE stage = 'new') OVER (PARTITION BY lead ORDER BY moment) f1 FROM event)`
  : `s${i + 1} AS (SELECT *, max(f${i}) FILTER (WHERE stage = '${step}' AND moment <= f${i} + INTERVAL 30 DAYS)
       OVER (PARTITION BY lead ORDER BY moment) f${i + 1} FROM s${i})`).join(', ');
const converted = `c AS (SELECT lead, min(moment) AS moment  FROM event WHERE stage = 'won' GROUP BY 1),
  t AS (SELECT e.lead, e.channel, row_number() OVER w n, count(*) OVER (PARTITION BY e.lead) m,
               exp(-0.693147180559945 * epoch(c.moment - e.moment) / 604800) w
          FROM event e JOIN c USING (lead) WHERE e.moment <= c.moment AND e.moment > c.moment - INTERVAL 90 DAYS
        WINDOW w AS (PARTITION BY e.lead ORDER BY e.moment)),
  u AS (SELECT *, sum(w) OVER (PARTITION BY lead) total FROM t)`;
const questions = {
  '(rows by lead counted)': `SELECT max(n) FROM (SELECT lead, count(*) n FROM event GROUP BY lead)`,
  'funnel, exact': `WITH ${chain} SELECT count(f1) + count(f2) + count(f3) + count(f4) + count(f5)
    FROM (SELECT lead, max(f1) f1, max(f2) f2, max(f3) f3, max(f4) f4, max(f5) f5 FROM s5 GROUP BY lead)`,
  'time in stage': `SELECT sum(epoch(d)) FROM (SELECT stage, lead(moment) OVER (PARTITION BY lead ORDER BY moment) - moment d FROM event)`,
  'last stage': `SELECT count(*) FILTER (WHERE s = 'won') FROM (SELECT lead, arg_max(stage, moment) s FROM event GROUP BY lead)`,
  'five attribution models': `WITH ${converted} SELECT sum(f * 1 + l * 2 + li * 3 + p * 4 + d * 5) FROM (
    SELECT channel, count(*) FILTER (WHERE n = 1) f, count(*) FILTER (WHERE n = m) l, sum(1.0 / m) li,
           sum(CASE WHEN m = 1 THEN 1 WHEN m = 2 THEN .5 WHEN n IN (1, m) THEN .4 ELSE .2 / (m - 2) END) p, sum(w / total) d
      FROM u WHERE channel = 'google' GROUP BY 1)`,
};
for (const [name, sql] of Object.entries(questions)) {
  const times = [];
  let answer;
  for (let round = 0; round <= rounds; round++) {
    const before = process.cpuUsage();
    answer = (await db.runAndReadAll(sql)).getRowsJson()[0][0];
    const { user, system } = process.cpuUsage(before);
    if (round > 0) times.push((user + system) / 1e6);
  }
  times.sort((a, b) => a - b);
  const middle = times.length >> 1;
  const median = times.length % 2 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
  console.log([name, rows, median.toFixed(3), answer].join('|'));
}
