/*
 * departure.sql: a seller leaves, and others take over. Who gets a lead that a
 * colleague worked on is told why.
 */
CREATE TABLE chance.heir AS
SELECT a.id AS account_id, a.owner, x.heir,
       CASE a.owner WHEN 't.novotny' THEN 'Tomas Novotny leaves the company.'
                    ELSE 'The buyer asked for somebody who knows the industry.' END AS why
FROM account a
CROSS JOIN LATERAL (SELECT chance.pick('heir', a.id, array_remove('{k.wojcik,e.schulz,j.kaminska}', a.owner)) AS heir) x
WHERE a.owner = 't.novotny' OR a.territory = 'Europe' AND a.owner IS NOT NULL AND chance.even('asked for another', a.id) < 0.01;

UPDATE account a SET owner = h.heir FROM chance.heir h WHERE a.id = h.account_id;
UPDATE lead l
SET owner = h.heir, owner_reason = h.why
FROM chance.heir h
WHERE l.account_id = h.account_id AND l.owner = h.owner AND l.stage >= 'mql';
\echo :ROW_COUNT 'leads of known companies given to a colleague'
UPDATE lead l
SET owner = 'k.wojcik', owner_reason = 'Tomas Novotny leaves the company.'
WHERE l.owner = 't.novotny' AND l.stage >= 'mql';
-- Marketing looks after those with whom sales has done.
UPDATE lead SET owner = 'a.nowak' WHERE owner = 't.novotny' AND stage < 'mql';
UPDATE opportunity o
SET owner = l.owner
FROM lead l
WHERE l.id = o.lead_id AND o.owner <> l.owner AND o.stage >= 'opportunity';
UPDATE team_member SET active = false WHERE member = 't.novotny';
