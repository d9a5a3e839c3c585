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
