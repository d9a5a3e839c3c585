# Workspace.pm: what the whole-server tests of workspaces share.
package Workspace;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(create_filled catalog without_column_order contents invariants
  same_lines is_refused FIXED_CLOCK);

# The instant at which views are read, so that they say the same on any day.
use constant FIXED_CLOCK => '2026-03-02 12:00+00';

# A workspace "crm" with all kinds of data in it, in an existing database; with
# a release, what that could make, in a database that has the extension.
sub create_filled
{
	my ($node, $db, $release) = @_;

	$release = defined $release ? "-$release" : '';
	$node->safe_psql($db, slurp_file("test/t/filled_workspace$release.sql"));
	return;
}

# The catalogs' account of a schema, as test/oracle/catalog.sql gives it.
sub catalog
{
	my ($node, $db, $schema) = @_;

	return $node->safe_psql(
		$db,
		slurp_file('test/oracle/catalog.sql'),
		extra_params => [ '-v', "workspace=$schema" ]);
}

# The same without the places of the columns of tables, which an upgrade cannot
# always choose.
sub without_column_order
{
	my ($text) = @_;

	my %table = map { $_ => 1 } $text =~ /^relation\|([^|]+)\|kind [rp];/mg;
	return join "\n", sort
	  map { s/^(column\|(.+?)) +\d+\|/$table{$2} ? "$1|" : $&/er } split /\n/, $text;
}

# A digest of the rows of every table and view of a schema, without columns
# that follow from others of the row, and where its sequences stand.
sub contents
{
	my ($node, $db, $schema) = @_;
	my $clock = FIXED_CLOCK;

	my $relations = $node->safe_psql(
		$db, qq{
		SELECT relname, string_agg(quote_ident(attname), ', ' ORDER BY attnum)
		FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
		WHERE relnamespace = '$schema'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
		GROUP BY relname
		ORDER BY relname COLLATE "C"});
	my %columns = map { split /\|/, $_, 2 } split /\n/, $relations;
	my $queries = join ' UNION ALL ', map {
		qq{SELECT '$_', count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "C"))
		   FROM (SELECT $columns{$_} FROM "$schema"."$_") t}
	} grep { !/_seq$/ } sort keys %columns;
	my $sequences = join ' UNION ALL ', map {
		qq{SELECT '$_', last_value, is_called::text FROM "$schema"."$_"}
	} grep { /_seq$/ } sort keys %columns;

	return $node->safe_psql(
		$db, qq{
		SET jit = off;
		SET leadflow.clock = '$clock';
		SET timezone = 'UTC';
		$queries;
		$sequences;});
}

# What must hold whatever happened: one line for every lead or clock for which
# it does not.
sub invariants
{
	my ($node, $db, $schema) = @_;

	return $node->safe_psql(
		$db, qq{
		SELECT 'chain broken at event', id FROM (
			SELECT id, from_stage, lag(to_stage) OVER (
				PARTITION BY subject, CASE subject WHEN 'lead' THEN lead_id ELSE opportunity_id END ORDER BY id) AS before
			FROM $schema.stage_event) e
		WHERE from_stage IS DISTINCT FROM before
		UNION ALL
		SELECT 'lead is not where its history ends', id FROM $schema.lead l
		WHERE stage IS DISTINCT FROM (
			SELECT to_stage FROM $schema.stage_event e
			WHERE e.lead_id = l.id AND e.subject = 'lead' ORDER BY e.id DESC LIMIT 1)
		UNION ALL
		SELECT 'opportunity is not where its history ends', id FROM $schema.opportunity o
		WHERE stage IS DISTINCT FROM (
			SELECT to_stage FROM $schema.stage_event e
			WHERE e.opportunity_id = o.id AND e.subject = 'opportunity' ORDER BY e.id DESC LIMIT 1)
		UNION ALL
		SELECT 'history without a lead', lead_id FROM $schema.stage_event e
		WHERE subject = 'lead' AND NOT EXISTS (SELECT FROM $schema.lead l WHERE l.id = e.lead_id)
		UNION ALL
		SELECT 'more than one running clock', lead_id FROM $schema.sla_clock
		WHERE stopped_at IS NULL AND cancelled_at IS NULL
		GROUP BY lead_id, metric HAVING count(*) > 1});
}

# Two texts are the same; shows the lines that one of them has and not the other.
sub same_lines
{
	my ($got, $expected, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my %expected = map { $_ => 1 } split /\n/, $expected;
	my %got = map { $_ => 1 } split /\n/, $got;
	ok($got eq $expected, $name) or diag(
		join "\n",
		(map { "got:      $_" } grep { !$expected{$_} } split /\n/, $got),
		(map { "expected: $_" } grep { !$got{$_} } split /\n/, $expected));
	return;
}

# A statement fails with this SQLSTATE and, if given, this constraint.
sub is_refused
{
	my ($node, $db, $sql, $sqlstate, $constraint, $name) = @_;

	my ($status, $stdout, $stderr) = $node->psql($db,
		"\\set VERBOSITY verbose\n$sql", on_error_stop => 1);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok( $status == 3
		  && $stderr =~ /ERROR:  \Q$sqlstate\E:/
		  && (!defined $constraint
			|| $stderr =~ /CONSTRAINT NAME:  \Q$constraint\E$/m),
		$name) or diag("status $status, $stderr");
	return;
}

1;
