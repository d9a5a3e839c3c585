-- routing.sql: two ways of handing leads over among the same members, for routing.sh
SET client_min_messages = warning;
CREATE EXTENSION leadflow;
SELECT leadflow.create_workspace('crm', 'empty'), leadflow.create_workspace('unrouted', 'empty'), leadflow.create_workspace('naive', 'empty');

-- ten members, weights 1, 2 and 3
INSERT INTO crm.team_member (member, team, department) SELECT 'm' || to_char(i, 'FM00'), 'sdr', 'sales' FROM generate_series(1, 10) i;
INSERT INTO crm.pool VALUES ('default', 'm10');
INSERT INTO crm.pool_member SELECT 'default', 'm' || to_char(i, 'FM00'), 1 + i % 3 FROM generate_series(1, 10) i;
INSERT INTO crm.routing_rule (rule, pool) VALUES ('all', 'default');

-- the peer: whoever comes after the owner of the newest lead, as EspoCRM's round robin does, all weights 1
CREATE TABLE naive.ring AS SELECT 'm' || to_char(i, 'FM00') AS member FROM generate_series(1, 10) i;
CREATE FUNCTION naive.round_robin() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last text;
BEGIN
    SELECT l.owner INTO last FROM naive.lead l WHERE l.owner IS NOT NULL ORDER BY l.id DESC LIMIT 1;
    SELECT r.member INTO NEW.owner FROM naive.ring r WHERE r.member > COALESCE(last, '') ORDER BY r.member LIMIT 1;
    IF NEW.owner IS NULL THEN
        SELECT min(r.member) INTO NEW.owner FROM naive.ring r;
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER round_robin BEFORE INSERT ON naive.lead FOR EACH ROW EXECUTE FUNCTION naive.round_robin();
