# A hot standby answers every view and explains every lead, and refuses to
# write.  The primary adds full-page images to every WAL record, which the
# standby compares with what it has replayed.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Workspace;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "wal_consistency_checking = 'all'");
$primary->start;
$primary->safe_psql('postgres', 'CREATE ROLE early');
$primary->backup('backup');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

# Everything from CREATE EXTENSION on is replayed.
create_filled($primary, 'postgres');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));

same_lines(catalog($standby, 'postgres', 'crm'),
	catalog($primary, 'postgres', 'crm'), 'the catalogs are the same');
same_lines(
	contents($standby, 'postgres', 'crm') =~ s/^\w+_seq\|.*$//mgr,
	contents($primary, 'postgres', 'crm') =~ s/^\w+_seq\|.*$//mgr,
	'tables and views answer the same');
is(invariants($standby, 'postgres', 'crm'), '', 'the history is whole');

my $explained = q{
	SET leadflow.clock = '} . FIXED_CLOCK . q{';
	SELECT l.id, t.stage, e.* FROM crm.lead l, (VALUES ('mql'), ('sql'), ('won'), ('lost')) t (stage),
		leadflow.explain('crm', l.id, t.stage::leadflow.stage) e ORDER BY 1, 2, 3;
	SELECT o.id, e.* FROM crm.opportunity o, leadflow.explain('crm', o.id, 'won', 'opportunity') e ORDER BY 1, 2;
	SELECT f.stage, t.stage, e.* FROM leadflow.spine() f, leadflow.spine() t,
		leadflow.explain_transition('crm', f.stage, t.stage) e ORDER BY 1, 2;
	SELECT l.id, s.*, leadflow.facts('crm', l, '2026-02-03 10:00+00'), leadflow.meets('crm', l, 'total > 20 AND signals > 1', '2026-02-03 10:00+00')
	FROM crm.lead l, leadflow.score('crm', l.id, '2026-02-03 10:00+00') s ORDER BY 1;
	SELECT l.id, e.* FROM crm.lead l, leadflow.explain_score('crm', l.id) e ORDER BY 1, 2, 3;
	SELECT l.id, e.* FROM crm.lead l, leadflow.explain_probability('crm', l.id) e ORDER BY 1, 2, 3;
	SELECT * FROM leadflow.check_scores('crm')};
my $answers = $standby->safe_psql('postgres', $explained);
cmp_ok(($answers =~ tr/\n//), '>', 400, 'it explains');
same_lines($answers, $primary->safe_psql('postgres', $explained),
	'as the primary does');

# Each report, one by one, and what is made of them
my $reports = $standby->safe_psql('postgres',
	"SELECT string_agg(report, ' ' ORDER BY report) FROM unnest(leadflow.workspace_reports()) report");
my $ran = 0;
foreach my $report (split / /, $reports)
{
	my ($status, $stdout, $stderr) = $standby->psql('postgres',
		"SET jit = off; SET leadflow.clock = '" . FIXED_CLOCK . "'; SELECT count(*) FROM crm.$report");
	$ran++ if $status == 0 && $stdout =~ /^\d+$/;
	diag("$report: $stderr") if $status;
}
cmp_ok($ran, '>', 100, 'every report runs');
is($ran, scalar(split / /, $reports), 'every single one');
my $asked_for = q{
	SET jit = off;
	SET timezone = 'UTC';
	SET leadflow.clock = '} . FIXED_CLOCK . q{';
	SELECT leadflow.panel_data('crm', l) FROM (VALUES ('en'), ('pl')) v (l);
	SELECT leadflow.panel('crm');
	SELECT leadflow.handbook('crm', l) FROM (VALUES ('en'), ('pl')) v (l);
	SELECT m.metric, leadflow.metric('crm', m.metric, '[2026-01-01,2026-04-01)') FROM crm.metric m ORDER BY 1;
	SELECT * FROM leadflow.definitions_at('crm', now()) ORDER BY 1, 2;
	SELECT * FROM leadflow.pipeline_asof('crm', '2026-02-20') ORDER BY 1;
	SELECT * FROM leadflow.backtest('crm', 'signals >= 1', '2026-02-01', '2026-03-01');
	SELECT * FROM leadflow.review_sample('crm', '2026-02-01', '2026-03-01');
	SELECT * FROM leadflow.explain_routing('crm', 11, 'mql');
	SELECT c.id, e.* FROM crm.sla_clock c, leadflow.explain_due('crm', c.id) e ORDER BY 1, 2};
my $given = $standby->safe_psql('postgres', $asked_for);
cmp_ok(length $given, '>', 50000, 'panel, handbook, metrics and definitions are made there');
same_lines($given, $primary->safe_psql('postgres', $asked_for), 'as on the primary');

# What it may not do, it refuses in core's words.
foreach my $write (
	"UPDATE crm.lead SET stage = 'contacted' WHERE id = 15",
	"INSERT INTO crm.lead (source) VALUES ('web')",
	"INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'call', 'outbound')",
	"UPDATE crm.standard SET expression = 'true'",
	"SELECT leadflow.create_workspace('other')",
	"SELECT leadflow.upgrade_workspace('crm')",
	"SELECT leadflow.grant_workspace('crm', 'analyst', 'read')",
	"SELECT leadflow.forget('crm', 1)",
	"SELECT leadflow.score_some('crm')",
	"SELECT * FROM leadflow.sweep('crm')",
	"SELECT leadflow.merge('crm', 1, 2)",
	"SELECT leadflow.calibrate('crm', 'odoo', NULL, '{\"min_won\": 1, \"min_lost\": 1}')",
	"SELECT * FROM leadflow.retry_quarantine('crm')",
	"SELECT leadflow.propose('crm', 'free_mail_domain', '{\"operation\": \"insert\", \"row\": {\"domain\": \"a.example\"}}', 'why')",
	"SELECT * FROM leadflow.apply_proposals('crm')",
	"CALL leadflow.refresh_scores('crm')",
	"SELECT leadflow.pause_clock('crm', 11, 'x')")
{
	is_refused($standby, 'postgres', $write, '25006', undef, "refused: $write");
}

# A session of the standby hears of a changed definition.
my $session = $standby->background_psql('postgres');
my $asked =
  q{SELECT count(*) FROM leadflow.explain('crm', 1, 'mql') WHERE criterion = 'new_one'};
is($session->query($asked), '0', 'a criterion is not there yet');
$primary->safe_psql(
	'postgres', q{
	INSERT INTO crm.standard (stage, criterion, requirement, expression)
	VALUES ('engaged', 'new_one', 'a phone', 'phone IS NOT NULL')});
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is($session->query($asked), '1',
	'a session of the standby hears of a new criterion');
$session->quit;

# The standby takes over.
$primary->stop('immediate');
$standby->promote;
is_refused(
	$standby, 'postgres',
	"UPDATE crm.lead SET stage = 'contacted' WHERE id = 15",
	'23514', 'new_one', 'promoted, it judges');
is( $standby->safe_psql(
		'postgres', q{
		UPDATE crm.lead SET stage = 'contacted', phone = '1' WHERE id = 15;
		SELECT from_stage, to_stage FROM crm.stage_event ORDER BY id DESC LIMIT 1}),
	'mql|contacted',
	'and records');
is(invariants($standby, 'postgres', 'crm'), '', 'the history goes on');

$standby->stop;
done_testing();
