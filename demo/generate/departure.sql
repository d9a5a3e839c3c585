/*
 * departure.sql: a seller leaves, and others take over: who gets somebody
 * else's lead is told why.
 */
CREATE TABLE chance.heir AS
SELECT DISTINCT p.account_id, p.seller, h.heir,
       CASE p.seller WHEN 't.novotny' THEN 'Tomas Novotny leaves the company.'
                     ELSE 'The buyer asked for somebody who knows the industry.' END AS why
FROM chance.person p
CROSS JOIN LATERAL (
    SELECT chance.pick('heir', COALESCE(-p.account_id, 0), array_remove('{k.wojcik,e.schulz,j.kaminska}', p.seller)) AS heir) h
WHERE p.seller = 't.novotny' OR p.account_id IS NOT NULL AND p.territory = 'Europe' AND chance.even('asked for another', p.account_id) < 0.01;

UPDATE lead l
SET owner = h.heir, owner_reason = h.why
FROM chance.heir h
WHERE l.account_id IS NOT DISTINCT FROM h.account_id AND l.owner = h.seller AND l.stage >= 'mql';
\echo :ROW_COUNT 'leads given to a colleague'

UPDATE opportunity o
SET owner = h.heir
FROM chance.heir h
WHERE o.account_id IS NOT DISTINCT FROM h.account_id AND o.owner = h.seller AND o.stage >= 'opportunity';

UPDATE account a SET owner = h.heir FROM chance.heir h WHERE a.id = h.account_id AND a.owner = h.seller;
UPDATE chance.person p SET seller = h.heir FROM chance.heir h WHERE p.account_id IS NOT DISTINCT FROM h.account_id AND p.seller = h.seller;
UPDATE team_member SET active = false WHERE member = 't.novotny';
