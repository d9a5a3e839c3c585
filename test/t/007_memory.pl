# A session that writes all day does not grow: plans, expressions and memory
# stay as they are over thousands of single-row statements, and over changes of
# the definitions.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'log_statement = none');
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION leadflow;
	SELECT leadflow.create_workspace('crm');
	SELECT leadflow.create_workspace('second', 'empty');
	INSERT INTO crm.team_member (member, team, department) VALUES ('ann', 'north', 'sales'), ('bob', 'south', 'sales');
	INSERT INTO crm.standard (stage, criterion, requirement, expression, mode) VALUES
		('mql', 'warned', 'always recorded', 'budget IS NOT NULL', 'warn');
	INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, condition, stops_on_touch, target, measure, promise) VALUES
		('note', 'note', '{contact_request}', 'signals >= 0 AND urgency IS NULL', '{call}', '1 hour', 'working', 'soon');
	INSERT INTO crm.lead (source, role, verified, email) SELECT 'web', 'CEO', true, 'a@example.com' FROM generate_series(1, 10);
	INSERT INTO crm.touch (lead_id, kind, direction, at)
	SELECT i, k.kind, 'inbound', '2026-01-05 10:00+00' FROM generate_series(1, 10) i, (VALUES ('demo_request'), ('form_submit')) k (kind);
	INSERT INTO second.lead (source) SELECT 'web' FROM generate_series(1, 10);
	UPDATE crm.lead SET stage = 'mql'});

# One turn: moves, refused moves, parked rows, touches, pauses, owners; ten
# statements that fire the module's triggers.
sub turn
{
	my ($i) = @_;
	my $lead = 1 + $i % 10;
	my $leaf = $i % 20 < 10 ? 'mql.a' : 'mql.b';

	return qq{
UPDATE crm.lead SET stage = '$leaf' WHERE id = $lead;
UPDATE crm.lead SET stage = 'sql' WHERE id = $lead;
UPDATE crm.lead SET owner = CASE owner WHEN 'ann' THEN 'bob' ELSE 'ann' END, owner_reason = 'in turn' WHERE id = $lead;
INSERT INTO crm.touch (lead_id, kind, direction) VALUES ($lead, 'contact_request', 'inbound');
INSERT INTO crm.touch (lead_id, kind, direction) VALUES ($lead, 'call', 'outbound');
DELETE FROM crm.touch WHERE id = (SELECT max(id) FROM crm.touch);
UPDATE second.lead SET stage = 'lead.$i' WHERE id = $lead;
SET leadflow.on_violation = park;
INSERT INTO crm.lead (source, stage) VALUES ('web', 'sql');
UPDATE crm.lead SET stage = 'sql' WHERE id = $lead;
RESET leadflow.on_violation;
SELECT count(*) FROM leadflow.explain('crm', $lead, 'won');
INSERT INTO crm.lead (source, external_id) VALUES ('web', '1') ON CONFLICT (source, external_id) DO UPDATE SET urgency = 'low';
};
}

sub measure
{
	return q{
\o
SELECT count(*) FILTER (WHERE name = 'CachedPlanSource'),
	count(*) FILTER (WHERE name = 'CachedPlan'),
	count(*) FILTER (WHERE name = 'CachedExpression'),
	count(*), sum(used_bytes), sum(total_bytes) FROM pg_backend_memory_contexts;
\o /dev/null
};
}

# What a session's memory comes to after a while, and after a longer while
sub grown
{
	my ($name, $body, $first, $second, $allowed) = @_;
	my $script = "\\o /dev/null\n"
	  . join('', map { $body->($_) } 1 .. $first)
	  . measure()
	  . join('', map { $body->($_) } $first + 1 .. $first + $second)
	  . measure();
	my ($stdout, $stderr) = ('', '');

	$node->psql('postgres', $script, stdout => \$stdout, stderr => \$stderr,
		on_error_stop => 0);
	my ($before, $after) = map { [ split /\|/ ] } split /\n/, $stdout;
	note("$name before: @$before, after: @$after");
	is($after->[0], $before->[0], "$name: no plan source is left behind");
	is($after->[1], $before->[1], "$name: no plan");
	is($after->[2], $before->[2], "$name: no expression");
	cmp_ok($after->[3], '<=', $before->[3] + 2, "$name: no memory context");
	cmp_ok($after->[4], '<=', $before->[4] + $allowed, "$name: no memory");
	return $stderr;
}

my $errors = grown('writes', \&turn, 100, 1000, 16384);
is(scalar(() = $errors =~ /^psql.*ERROR:/mg),
	1100, 'one statement of each turn was refused');
unlike($errors, qr/ERROR:  (?!lead \d+ does not meet)/,
	'and for the expected reason');

# Definitions change, so that the rulebook is read anew and what was compiled
# for it is released.
grown(
	'definitions',
	sub {
		my ($i) = @_;
		my $lead = 1 + $i % 10;
		return
		  "UPDATE crm.standard SET position = $i WHERE criterion = 'two_signals';\n"
		  . "UPDATE crm.lead SET stage = CASE stage WHEN 'mql' THEN 'mql.x' ELSE 'mql' END::leadflow.stage WHERE id = $lead;\n"
		  . "INSERT INTO crm.touch (lead_id, kind, direction) VALUES ($lead, 'contact_request', 'inbound');\n"
		  . "SELECT count(*) FROM leadflow.explain('crm', $lead, 'won');\n";
	},
	50, 400, 16384);

# So does what an expression depends on.
grown(
	'functions',
	sub {
		my ($i) = @_;
		my $lead = 1 + $i % 10;
		return
		  "ALTER TABLE crm.lead ALTER COLUMN urgency SET STATISTICS $i;\n"
		  . "UPDATE crm.lead SET stage = CASE stage WHEN 'mql' THEN 'mql.x' ELSE 'mql' END::leadflow.stage WHERE id = $lead;\n"
		  . "ALTER FUNCTION leadflow.base(leadflow.stage) COST $i;\n"
		  . "UPDATE crm.lead SET stage = CASE stage WHEN 'mql' THEN 'mql.x' ELSE 'mql' END::leadflow.stage WHERE id = $lead;\n";
	},
	50, 400, 16384);

# One transaction with many rows does not pile up memory for each of them.
my $rows = $node->safe_psql(
	'postgres', q{
	CREATE FUNCTION peak() RETURNS bigint LANGUAGE sql VOLATILE AS
		'SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts WHERE name NOT IN (''AfterTriggerEvents'', ''AfterTriggerTupleContext'')';
	CREATE TABLE peaks (rows bigint, bytes bigint);
	CREATE FUNCTION note_peak() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF new.external_id IN ('1000', '20000') THEN
			INSERT INTO public.peaks VALUES (new.external_id::bigint, public.peak());
		END IF;
		RETURN NULL;
	END;
	$$;
	CREATE TRIGGER zzz_peak AFTER INSERT ON crm.lead FOR EACH ROW EXECUTE FUNCTION note_peak();
	INSERT INTO crm.lead (source, external_id, stage) SELECT 'bulk', i::text, 'engaged' FROM generate_series(1, 20000) i;
	SELECT max(bytes) - min(bytes) FROM peaks});
cmp_ok($rows, '<', 1024 * 1024,
	"bulk: 20,000 rows take no more memory than 1,000 (they took $rows bytes more)"
);

$node->stop;
done_testing();
