-- calendar.sql
--   Working time against known truths: published vectors, hand-computed clock
--   changes, and laws that hold for every calendar.
\set ON_ERROR_STOP 1
\set QUIET 1
BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS leadflow;
SET search_path = leadflow, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset format unaligned
\pset tuples_only true

SELECT * FROM no_plan();

-- what a text means is what its canonical text says
SELECT is(input::calendar::text, output, 'canonical: ' || left(input, 60))
FROM (VALUES
    ('Europe/Warsaw; Mo-Fr 09:00-17:00; Sa 10:00-14:00; 2026 Dec 24 09:00-13:00; Dec 25-26 off; 2026 May 1,2026 May 3 off',
     'Europe/Warsaw; Mo-Fr 09:00-17:00; Sa 10:00-14:00; Dec 25-26 off; 2026 May 1,2026 May 3 off; 2026 Dec 24 09:00-13:00'),
    ('UTC; 24/7', 'UTC; 24/7'),
    ('  europe/warsaw ;Monday - FRI 9:00 - 17:00 ; ', 'Europe/Warsaw; Mo-Fr 09:00-17:00'),
    ('UTC; Mo 09:00-17:00; Tu-Fr 09:00-17:00', 'UTC; Mo-Fr 09:00-17:00'),
    ('UTC; We,Mo 09:00-17:00', 'UTC; Mo,We 09:00-17:00'),
    ('UTC; Sa-Mo 09:00-17:00', 'UTC; Mo,Sa-Su 09:00-17:00'),
    ('UTC; Mo-Su 00:00-24:00', 'UTC; 24/7'),
    ('UTC; Mo-Su 00:00-00:00', 'UTC; 24/7'),
    ('UTC; 09:00-17:00', 'UTC; Mo-Su 09:00-17:00'),
    ('UTC; off', 'UTC; off'),
    ('UTC; Mo-Fr 09:00-17:00; off', 'UTC; off'),
    ('UTC; Mo-Fr 09:00-17:00; closed; Sa 10:00-12:00', 'UTC; Sa 10:00-12:00'),
    ('UTC; Mo-Fr 09:00-17:00; Sa-Su off', 'UTC; Mo-Fr 09:00-17:00'),
    ('UTC; Mo-Fr 09:00-17:00; We off', 'UTC; Mo-Tu,Th-Fr 09:00-17:00'),
    ('UTC; Mo 13:00-17:00,09:00-12:30', 'UTC; Mo 09:00-12:30,13:00-17:00'),
    ('UTC; Mo 09:00-12:00,12:00-17:00', 'UTC; Mo 09:00-17:00'),
    ('UTC; Mo 09:00-13:00,12:00-17:00,10:00-11:00', 'UTC; Mo 09:00-17:00'),
    ('UTC; Mo 09:00:00-17:00:30', 'UTC; Mo 09:00-17:00:30'),
    ('UTC; Mo 22:00-00:00', 'UTC; Mo 22:00-24:00'),
    ('UTC; Mo 22:00-06:00', 'UTC; Mo 22:00-06:00'),
    ('UTC; Mo 09:00-09:00', 'UTC; Mo 09:00-09:00'),
    ('UTC; Mo 08:00-20:00,20:00-10:00', 'UTC; Mo 08:00-08:00,10:00-10:00'),
    ('UTC; Mo 00:00-24:00,12:00-06:00', 'UTC; Mo 00:00-24:00,06:00-06:00'),
    ('UTC; Dec 26 off; Dec 25 off', 'UTC; Dec 25-26 off'),
    ('UTC; Dec 25,26 off', 'UTC; Dec 25-26 off'),
    ('UTC; Dec 25-26 off; Dec 26 10:00-12:00', 'UTC; Dec 25 off; Dec 26 10:00-12:00'),
    ('UTC; Dec 30-Jan 2 off', 'UTC; Dec 30-Jan 2 off'),
    ('UTC; Jan 1-2 off; Dec 30-31 off', 'UTC; Dec 30-Jan 2 off'),
    ('UTC; Dec 1-Dec 24 off', 'UTC; Dec 1-24 off'),
    ('UTC; Feb 28-Mar 1 off', 'UTC; Feb 28-Mar 1 off'),
    ('UTC; Feb 28 off; Mar 1 off', 'UTC; Feb 28,Mar 1 off'),
    ('UTC; Feb 29 off', 'UTC; Feb 29 off'),
    ('UTC; Jan 1-Dec 31 10:00-11:00', 'UTC; Jan 1-Dec 31 10:00-11:00'),
    ('UTC; Jan 1-Dec 31 off; Jun 11-14 10:00-11:00', 'UTC; Jan 1-Jun 10,Jun 15-Dec 31 off; Jun 11-14 10:00-11:00'),
    ('UTC; 2026-12-24 off', 'UTC; 2026 Dec 24 off'),
    ('UTC; 2026-12-24..2026-12-26 off', 'UTC; 2026 Dec 24-26 off'),
    ('UTC; 2026-12-24 - 2026-12-26 off', 'UTC; 2026 Dec 24-26 off'),
    ('UTC; 2026 Dec 24-26 off', 'UTC; 2026 Dec 24-26 off'),
    ('UTC; 2026 Nov 30-Dec 2 off', 'UTC; 2026 Nov 30-Dec 2 off'),
    ('UTC; 2026 Dec 30-2027 Jan 2 off', 'UTC; 2026 Dec 30-2027 Jan 2 off'),
    ('UTC; 2026 May 3,2026 May 1 off', 'UTC; 2026 May 1,2026 May 3 off'),
    ('UTC; 2026 May 1,3 off', 'UTC; 2026 May 1,2026 May 3 off'),
    ('UTC; 2026 May 1-5 off; 2026 May 3 10:00-12:00', 'UTC; 2026 May 1-2,2026 May 4-5 off; 2026 May 3 10:00-12:00'),
    ('UTC; 2026 May 3 10:00-12:00; 2026 May 1-5 off', 'UTC; 2026 May 1-5 off'),
    ('UTC; 2027 Jan 1 off; 2026 Dec 31 off', 'UTC; 2026 Dec 31-2027 Jan 1 off'),
    ('UTC; 0001 Jan 1-9999 Dec 31 10:00-11:00', 'UTC; 0001 Jan 1-9999 Dec 31 10:00-11:00'),
    ('UTC; Su 10:00-11:00; 2026 Dec 27 10:00-11:00', 'UTC; Su 10:00-11:00; 2026 Dec 27 10:00-11:00'),
    ('UTC; Mo,Dec 25,2026 Jan 6 10:00-11:00', 'UTC; Mo 10:00-11:00; Dec 25 10:00-11:00; 2026 Jan 6 10:00-11:00'),
    ('Etc/GMT+5; Mo 09:00-17:00', 'Etc/GMT+5; Mo 09:00-17:00'),
    ('EST5EDT; Mo 09:00-17:00', 'EST5EDT; Mo 09:00-17:00')
) v(input, output);

SELECT is(output::calendar::text, output, 'canonical text reads as itself: ' || left(output, 60))
FROM (VALUES
    ('UTC; Mo 00:00-24:00,06:00-06:00'),
    ('UTC; Jan 1-Jun 10,Jun 15-Dec 31 off; Jun 11-14 10:00-11:00'),
    ('UTC; Mo,Sa-Su 22:00-06:00; Dec 30-Jan 2 off; 2026 Dec 31-2027 Jan 2 09:00-09:00')
) v(output);

-- what is refused, and how
CREATE FUNCTION pg_temp.refusal(statement text, OUT state text, OUT said text) LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text;
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS OR query_canceled THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    said := concat_ws(' | ', message, detail, hint);
END $$;

SELECT is(r.state, v.state, 'refused with ' || v.state || ': ' || left(input, 60)),
       ok(r.said LIKE v.said, 'and says why: ' || coalesce(r.said, 'nothing'))
FROM (VALUES
    ('', '22P02', 'invalid input syntax for type calendar%'),
    ('UTC', '22P02', '%has no rules%off%'),
    ('UTC;', '22P02', '%has no rules%'),
    ('UTC;; Mo off', '22P02', '%Rule 1: the rule is empty%'),
    ('Europe/Warszawa; 24/7', '22023', 'time zone "Europe/Warszawa" not recognized%pg_timezone_names%'),
    ('PST; 24/7', '22023', '%not recognized%'),
    ('+02; 24/7', '22023', '%not an IANA name%fixed offset%'),
    ('EST5; 24/7', '22023', '%not an IANA name%'),
    ('<+02>-2; 24/7', '22023', '%not an IANA name%'),
    ('Etc/GMT+13; 24/7', '22023', '%not an IANA name%'),
    ('FOO-1BAR; 24/7', '22023', '%not an IANA name%'),
    ('localtime; 24/7', '22023', '%not recognized%'),
    ('../UTC; 24/7', '22023', '%not recognized%'),
    ('UTC; 24/7; Sa 25:00-26:00', '22P02', 'invalid calendar rule: "Sa 25:00-26:00"%Rule 2:%"25:00"%22:00-02:00%'),
    ('UTC; Sa 09:60-10:00', '22P02', '%"09:60"%'),
    ('UTC; Sa 09:00-10:00:60', '22P02', '%"10:00:60"%'),
    ('UTC; Sa 24:00-10:00', '22P02', '%24:00 can only end a span%'),
    ('UTC; Sa 09:00', '22P02', '%a span has no end%'),
    ('UTC; Sa 09:00+', '22P02', '%a span has no end%'),
    ('UTC; Sa 9-17', '22P02', '%the hours are missing%'),
    ('UTC; Sa', '22P02', '%the hours are missing%'),
    ('UTC; Sa 09:00-10:00 11:00-12:00', '22P02', '%after the hours is not understood%'),
    ('UTC; Sa 09:00-10:00,', '22P02', '%a time was expected%'),
    ('UTC; Sa-09:00', '22P02', '%weekday%'),
    ('UTC; Xx 09:00-10:00', '22P02', '%a weekday, a date or hours were expected%'),
    ('UTC; PH off', '22P02', '%with_holidays%'),
    ('UTC; Feb 30 off', '22P02', '%there is no day 30 in month 2%'),
    ('UTC; 2026 Feb 29 off', '22P02', '%there is no day 29 in 2026-02%'),
    ('UTC; 2026-13-01 off', '22P02', '%there is no month 13%'),
    ('UTC; 0000 Jan 1 off', '22P02', '%years run from 0001 to 9999%'),
    ('UTC; 26 Jan 1 off', '22P02', '%a year of four digits%'),
    ('UTC; Aug off', '22P02', '%the day of the month is missing%Aug 1-31%'),
    ('UTC; Dec 26-24 off', '22P02', 'invalid calendar rule: "Dec 26-24 off"%ends before it starts%'),
    ('UTC; 2026 Dec 26-24 off', '22P02', '%ends before it starts%'),
    ('UTC; 2026 Dec 30-Jan 2 off', '22P02', '%ends before it starts%2026 Dec 30-2027 Jan 2%'),
    ('UTC; 2026-12-26..2026-12-24 off', '22P02', '%ends before it starts%'),
    ('UTC; Dec 30-2027 Jan 2 off', '22P02', '%a year at one end only%'),
    ('UTC; 2026 May 1,May 3 off', '22P02', '%a date without a year follows one with a year%'),
    (repeat('x', 300000), '54000', 'calendar is too long%'),
    ('UTC; Mo ' || repeat('09:00-10:00,', 60) || '09:00-10:00', '54000', '%too many spans%'),
    ('UTC' || repeat('; off', 10001), '54000', '%too many rules%')
) v(input, state, said), pg_temp.refusal(format('SELECT %L::leadflow.calendar', input)) r;

SELECT is(length(('UTC' || repeat('; off', 10000))::calendar::text), 8, 'as many rules as the limit are read');
SELECT is((pg_temp.refusal($$SELECT ('UTC; 2026 Jan 1' || repeat(',1,3,5,7,9,11,13,15,17,19', 8000) || ' off')::leadflow.calendar$$)).state,
          NULL, 'a day that is named again and again is one day');
SELECT is((pg_temp.refusal($$SELECT ('UTC; ' || string_agg(to_char(d, 'YYYY Mon DD') || ',' || 'X', '; '))::leadflow.calendar FROM generate_series('2000-01-01'::timestamp, '2000-01-02', '1 day') d$$)).state,
          '22P02', 'a list that ends in nonsense is refused');
SELECT is((pg_temp.refusal($$SELECT ('UTC; ' || string_agg(format('%s Jan 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 off', y), '; '))::leadflow.calendar FROM generate_series(1000, 3000) y$$)).state,
          '54000', 'what would not be read back when written out is refused');

-- vectors that are published in issues of help desks and CRMs
CREATE TEMP TABLE vector (name text, cal calendar, zone text, start_at text, work interval, due text);
INSERT INTO vector VALUES
    ('one hour over the weekend', 'Europe/Warsaw; Mo-Fr 09:00-17:00', 'Europe/Warsaw', '2026-10-02 16:30', '1 h', '2026-10-05 09:30'),
    ('four hours over the night', 'Europe/Warsaw; Mo-Fr 09:00-17:00', 'Europe/Warsaw', '2026-10-01 16:00', '4 h', '2026-10-02 12:00'),
    ('four hours, 8-18', 'Europe/Paris; Mo-Fr 08:00-18:00', 'Europe/Paris', '2026-10-05 17:00', '4 h', '2026-10-06 11:00'),
    ('warning one hour before', 'Europe/Paris; Mo-Fr 08:00-18:00', 'Europe/Paris', '2026-10-06 11:00', '-1 h', '2026-10-06 10:00'),
    ('two holidays', 'Europe/Berlin; 09:00-21:00; 2016 Nov 11,2016 Nov 13 off', 'Europe/Berlin', '2016-11-09 23:00', '48 h', '2016-11-15 21:00'),
    ('no extra minute at midnight', 'Europe/Berlin; 24/7', 'Europe/Berlin', '2026-10-05 23:30', '1 h', '2026-10-06 00:30'),
    ('over the lunch break', 'Europe/Warsaw; Mo-Fr 08:00-12:00,13:30-18:00', 'Europe/Warsaw', '2026-10-05 11:45', '2 h', '2026-10-05 15:15'),
    ('from the lunch break', 'Europe/Warsaw; Mo-Fr 08:00-12:00,13:30-18:00', 'Europe/Warsaw', '2026-10-05 12:30', '15 min', '2026-10-05 13:45'),
    ('15 minutes over the weekend', 'Europe/Warsaw; Mo-Fr 09:00-17:00', 'Europe/Warsaw', '2026-10-02 16:50', '15 min', '2026-10-05 09:05'),
    ('two hours over the weekend', 'Europe/Warsaw; Mo-Fr 09:00-17:00', 'Europe/Warsaw', '2026-10-02 16:30', '2 h', '2026-10-05 10:30'),
    ('and Monday is a holiday', 'Europe/Warsaw; Mo-Fr 09:00-17:00; 2026 Oct 5 off', 'Europe/Warsaw', '2026-10-02 16:30', '2 h', '2026-10-06 10:30'),
    ('exactly to the close', 'Europe/Warsaw; Mo-Fr 09:00-17:00', 'Europe/Warsaw', '2026-10-02 15:00', '2 h', '2026-10-02 17:00'),
    ('nothing to do in closed time', 'Europe/Warsaw; Mo-Fr 09:00-17:00', 'Europe/Warsaw', '2026-10-03 12:00', '0', '2026-10-03 12:00'),
    ('a microsecond in closed time', 'Europe/Warsaw; Mo-Fr 09:00-17:00', 'Europe/Warsaw', '2026-10-03 12:00', '0.000001 s', '2026-10-05 09:00:00.000001'),
    ('back from closed time', 'Europe/Warsaw; Mo-Fr 09:00-17:00', 'Europe/Warsaw', '2026-10-03 12:00', '-8 h', '2026-10-02 09:00'),
    ('back to the opening only', 'Europe/Warsaw; Mo-Fr 09:00-17:00', 'Europe/Warsaw', '2026-10-05 10:00', '-1 h', '2026-10-05 09:00'),
    ('back over the weekend', 'Europe/Warsaw; Mo-Fr 09:00-17:00', 'Europe/Warsaw', '2026-10-05 10:00', '-2 h', '2026-10-02 16:00'),
    ('over the hour that is skipped', 'Europe/Warsaw; 24/7', 'Europe/Warsaw', '2026-03-28 20:00', '8 h', '2026-03-29 05:00'),
    ('over the hour that is repeated', 'Europe/Warsaw; 24/7', 'Europe/Warsaw', '2026-10-25 00:00', '8 h', '2026-10-25 07:00'),
    ('a whole year of weeks', 'UTC; Mo-Fr 09:00-17:00', 'UTC', '2026-01-05 09:00', '2080 h', '2027-01-01 17:00');
SELECT is(add_worktime(cal, start_at::timestamp AT TIME ZONE zone, work) AT TIME ZONE zone, due::timestamp, name)
FROM vector;
SELECT is(worktime(cal, start_at::timestamp AT TIME ZONE zone, due::timestamp AT TIME ZONE zone), work, name || ', measured')
FROM vector;
SELECT is(worktime(cal, due::timestamp AT TIME ZONE zone, start_at::timestamp AT TIME ZONE zone), -work, name || ', reversed')
FROM vector;

SELECT is(worktime('Europe/Warsaw; 24/7', '2026-10-25 00:00 Europe/Warsaw', '2026-10-26 00:00 Europe/Warsaw'), '25:00:00', 'a day of 25 hours');
SELECT is(worktime('Europe/Warsaw; 24/7', '2026-03-29 00:00 Europe/Warsaw', '2026-03-30 00:00 Europe/Warsaw'), '23:00:00', 'a day of 23 hours');
SELECT is(worktime('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-03 08:00', '2026-10-04 20:00'), '00:00', 'a weekend has no working time');
SELECT is(to_char(worktime('UTC; 24/7', '2026-01-01', '2027-01-01'), 'YYYY-MM-DD HH24'), '0000-00-00 8760', 'hours do not become days');

-- pauses
CREATE TEMP TABLE pause (name text, start_at text, work interval, pauses tstzmultirange, due text);
INSERT INTO pause VALUES
    ('a hold over the weekend', '2026-10-02 15:00', '4 h', '{[2026-10-02 16:00+02,2026-10-05 10:00+02)}', '2026-10-05 13:00'),
    ('a hold in closed time changes nothing', '2026-10-02 15:00', '4 h', '{[2026-10-02 18:00+02,2026-10-05 08:00+02)}', '2026-10-05 11:00'),
    ('two holds count both', '2026-10-05 09:00', '4 h', '{[2026-10-05 10:00+02,2026-10-05 11:00+02),[2026-10-05 12:00+02,2026-10-05 13:00+02)}', '2026-10-05 15:00'),
    ('a start inside a hold', '2026-10-05 09:30', '1 h', '{[2026-10-05 09:00+02,2026-10-05 10:00+02)}', '2026-10-05 11:00'),
    ('due when the hold begins', '2026-10-05 09:00', '1 h', '{[2026-10-05 10:00+02,2026-10-05 11:00+02)}', '2026-10-05 10:00'),
    ('a hold that never ended before', '2026-10-05 09:00', '1 h', '{(,2026-10-05 10:00+02)}', '2026-10-05 11:00'),
    ('a hold that never ends', '2026-10-05 09:00', '2 h', '{[2026-10-05 10:00+02,)}', 'infinity'),
    ('no hold', '2026-10-05 09:00', '2 h', '{}', '2026-10-05 11:00'),
    ('back over a hold', '2026-10-05 13:00', '-2 h', '{[2026-10-05 10:00+02,2026-10-05 12:00+02)}', '2026-10-05 09:00'),
    ('back to where a hold ends', '2026-10-05 13:00', '-1 h', '{[2026-10-05 10:00+02,2026-10-05 12:00+02)}', '2026-10-05 12:00');
SELECT is(add_worktime('Europe/Warsaw; Mo-Fr 09:00-17:00', start_at::timestamp AT TIME ZONE 'Europe/Warsaw', work, pauses) AT TIME ZONE 'Europe/Warsaw',
          due::timestamp, 'pauses: ' || name)
FROM pause;
SELECT is(worktime('Europe/Warsaw; Mo-Fr 09:00-17:00', start_at::timestamp AT TIME ZONE 'Europe/Warsaw', due::timestamp AT TIME ZONE 'Europe/Warsaw', pauses),
          work, 'pauses, measured: ' || name)
FROM pause WHERE isfinite(due::timestamp);

-- local time as PostgreSQL resolves it: worktime of one local day
SELECT is(worktime(cal, day AT TIME ZONE split_part(cal::text, ';', 1) - interval '12 h',
                   day AT TIME ZONE split_part(cal::text, ';', 1) + interval '36 h'), expected, name)
FROM (VALUES
    ('gap: spans that overlap count once', 'America/New_York; 2024 Mar 10 01:00-02:30,03:00-05:00'::calendar, '2024-03-10'::timestamp, '03:00'::interval),
    ('gap: a span that is turned round is empty', 'America/New_York; 2024 Mar 10 02:30-03:00', '2024-03-10', '00:00'),
    ('gap: start inside', 'America/New_York; 2024 Mar 10 02:30-04:00', '2024-03-10', '00:30'),
    ('gap: end inside', 'America/New_York; 2024 Mar 10 01:00-02:30', '2024-03-10', '01:30'),
    ('gap: across', 'America/New_York; 2024 Mar 10 01:00-05:00', '2024-03-10', '03:00'),
    ('overlap: start inside is the second time', 'America/New_York; 2024 Nov 3 01:30-03:00', '2024-11-03', '01:30'),
    ('overlap: end inside is the second time', 'America/New_York; 2024 Nov 3 00:30-01:30', '2024-11-03', '02:00'),
    ('overlap: both inside', 'America/New_York; 2024 Nov 3 01:15-01:45', '2024-11-03', '00:30'),
    ('overlap: across', 'America/New_York; 2024 Nov 3 00:00-03:00', '2024-11-03', '04:00'),
    ('Dublin, whose winter is the exception', 'Europe/Dublin; 2024 Oct 27 01:30-03:00', '2024-10-27', '01:30'),
    ('Moscow 2014, from standard to standard', 'Europe/Moscow; 2014 Oct 26 01:30-03:00', '2014-10-26', '01:30'),
    ('Sao Paulo, a gap at midnight', 'America/Sao_Paulo; 2018 Nov 4 00:00-08:00', '2018-11-04', '07:00'),
    ('Lord Howe, a gap of half an hour', 'Australia/Lord_Howe; 2024 Oct 6 02:15-03:00', '2024-10-06', '00:15'),
    ('an overnight span in spring', 'Europe/Warsaw; 2026 Mar 28 22:00-06:00', '2026-03-29', '07:00'),
    ('an overnight span in autumn', 'Europe/Warsaw; 2026 Oct 24 22:00-06:00', '2026-10-25', '09:00')
) v(name, cal, day, expected);
SELECT is(next_open('America/New_York; Su 02:30-03:00', '2024-03-10 00:00Z'), '2024-03-17 06:30Z', 'gap: the empty span does not open');
SELECT is(next_close('America/New_York; 2024 Mar 10 01:00-02:30,03:00-05:00', '2024-03-10 06:00Z'), '2024-03-10 09:00Z', 'gap: no close inside the union');
SELECT is(next_open('Pacific/Apia; Mo-Fr 09:00-17:00', '2011-12-30 06:00Z'), '2011-12-30 19:00Z', 'Apia: the hours of the skipped Friday appear on Saturday');
SELECT is(worktime('Pacific/Apia; Mo-Fr 09:00-17:00', '2011-12-28 10:00Z', '2012-01-01 10:00Z'), '24:00', 'Apia: Wednesday''s, Thursday''s and Friday''s hours');
SELECT is(worktime('Pacific/Apia; 24/7', '2011-12-28 00:00Z', '2012-01-02 00:00Z'), '120:00', 'Apia: 24/7 is all the time there is');

-- which rule decides a day
SELECT is(worktime(cal, from_at, to_at), expected, name)
FROM (VALUES
    ('a holiday leaves the tail of the night before', 'Europe/Warsaw; Mo-Fr 22:00-06:00; 2026 May 1 off'::calendar, '2026-04-30 20:00Z'::timestamptz, '2026-05-02 20:00Z'::timestamptz, '08:00'::interval),
    ('a holiday takes the night that begins on it', 'Europe/Warsaw; Mo-Fr 22:00-06:00; 2026 Apr 30 off', '2026-04-30 20:00Z', '2026-05-01 20:00Z', '00:00'),
    ('the tail of a night overlaps the next morning', 'UTC; Mo 22:00-10:00; Tu 09:00-17:00', '2026-10-05', '2026-10-07', '19:00'),
    ('Sunday night goes on in Monday', 'UTC; Su 20:00-08:00', '2026-10-05 00:00', '2026-10-12 00:00', '12:00'),
    ('24 hours from nine to nine', 'UTC; Mo 09:00-09:00', '2026-10-05', '2026-10-12', '24:00'),
    ('26 hours in two spans', 'UTC; Mo 08:00-20:00,20:00-10:00', '2026-10-05', '2026-10-12', '26:00'),
    ('a date of one year beats a date of every year', 'UTC; 09:00-17:00; Dec 24 off; 2026 Dec 24 09:00-12:00', '2026-12-24', '2026-12-25', '03:00'),
    ('whatever their order', 'UTC; 2026 Dec 24 09:00-12:00; Dec 24 off; 09:00-17:00', '2026-12-24', '2026-12-25', '03:00'),
    ('a date of every year beats a weekday', 'UTC; 09:00-17:00; Dec 24 off', '2027-12-24', '2027-12-25', '00:00'),
    ('Feb 29 is off in a leap year', 'UTC; 09:00-17:00; Feb 29 off', '2024-02-28', '2024-03-02', '16:00'),
    ('and does not exist in another', 'UTC; 09:00-17:00; Feb 29 off', '2023-02-28', '2023-03-02', '16:00'),
    ('a range of every year includes Feb 29', 'UTC; 09:00-17:00; Feb 28-Mar 1 off', '2024-02-28', '2024-03-03', '08:00'),
    ('a special day on a weekend', 'UTC; Mo-Fr 09:00-17:00; 2026 Oct 3 10:00-12:00', '2026-10-03', '2026-10-04', '02:00'),
    ('a short day', 'UTC; Mo-Fr 09:00-17:00; 2026 Oct 5 09:00-12:00', '2026-10-05', '2026-10-07', '11:00'),
    ('a holiday at the turn of the year', 'UTC; 09:00-17:00; Dec 30-Jan 2 off', '2025-12-29', '2026-01-04', '16:00'),
    ('never open', 'UTC; off', '1000-01-01', '3000-01-01', '00:00'),
    ('open for one day of all time', 'UTC; 2026 Oct 5 09:00-17:00', '1000-01-01', '3000-01-01', '08:00')
) v(name, cal, from_at, to_at, expected);

-- holidays
SELECT is(with_holidays('UTC; Mo-Fr 09:00-17:00', '{2026-10-06,2026-10-05,2026-10-06}')::text, 'UTC; Mo-Fr 09:00-17:00; 2026 Oct 5-6 off', 'holidays are dates that are off');
SELECT is(with_holidays('UTC; 24/7; 2026 Oct 5 09:00-12:00', '{2026-10-05}')::text, 'UTC; 24/7; 2026 Oct 5 off', 'a holiday replaces the hours of its date');
SELECT is(with_holidays('UTC; 24/7', '{}')::text, 'UTC; 24/7', 'no holidays');
SELECT is(with_holidays('UTC; 24/7', NULL), NULL, 'unknown holidays');
SELECT is(worktime(with_holidays('Pacific/Auckland; 24/7', '{2026-10-05}'), '2026-10-04 11:00Z', '2026-10-05 11:00Z'), '00:00', 'a holiday is a day of the calendar''s zone');
SELECT is((pg_temp.refusal($$SELECT leadflow.with_holidays('UTC; 24/7', '{NULL}')$$)).state, '22004', 'a null holiday is refused');
SELECT is((pg_temp.refusal($$SELECT leadflow.with_holidays('UTC; 24/7', '{infinity}')$$)).state, '22008', 'an infinite holiday is refused');
SELECT is((pg_temp.refusal($$SELECT leadflow.with_holidays('UTC; 24/7', '{0044-03-15 BC}')$$)).state, '22008', 'a holiday before the first year is refused');

-- open, and until when
SELECT is('UTC; Mo-Fr 09:00-17:00'::calendar @> at, expected, 'open at ' || at),
       is(at <@ 'UTC; Mo-Fr 09:00-17:00'::calendar, expected, 'the other way round'),
       is(next_open('UTC; Mo-Fr 09:00-17:00', at), opens, 'next open'),
       is(next_close('UTC; Mo-Fr 09:00-17:00', at), closes, 'next close')
FROM (VALUES
    ('2026-10-05 08:59:59.999999'::timestamptz, false, '2026-10-05 09:00'::timestamptz, '2026-10-05 17:00'::timestamptz),
    ('2026-10-05 09:00', true, '2026-10-05 09:00', '2026-10-05 17:00'),
    ('2026-10-05 12:00', true, '2026-10-05 12:00', '2026-10-05 17:00'),
    ('2026-10-05 16:59:59.999999', true, '2026-10-05 16:59:59.999999', '2026-10-05 17:00'),
    ('2026-10-05 17:00', false, '2026-10-06 09:00', '2026-10-06 17:00'),
    ('2026-10-02 17:00', false, '2026-10-05 09:00', '2026-10-05 17:00'),
    ('infinity', false, 'infinity', 'infinity'),
    ('-infinity', false, '-infinity', '-infinity')
) v(at, expected, opens, closes);
SELECT is(next_close('UTC; 24/7', '2026-10-05'), 'infinity', '24/7 never closes');
SELECT is(next_close('America/Sao_Paulo; 24/7', '1800-10-05'), 'infinity', 'nor where midnight is skipped');
SELECT is(next_close('UTC; 24/7; 9999 Dec 31 off', '2026-10-05'), '9999-12-31', 'nearly never');
SELECT is(next_close('UTC; Mo-Su 09:00-09:00', '2026-10-05'), 'infinity', 'spans that touch are one');
SELECT is(next_close('UTC; Su-Mo 00:00-24:00', '2026-10-04'), '2026-10-06', 'over the turn of the week');
SELECT is(next_open('UTC; off', '2026-10-05'), 'infinity', 'what is off never opens');
SELECT is(next_close('UTC; off', '2026-10-05'), 'infinity', 'nor closes');
SELECT is(next_open('UTC; Feb 29 09:00-10:00', '1896-03-01'), '1904-02-29 09:00', 'eight years without Feb 29');
SELECT is(next_open('UTC; Feb 29 09:00-10:00', '292096-03-01'), '292104-02-29 09:00', 'and again much later');
SELECT is(next_open('UTC; 2026 Oct 5 09:00-17:00', '2026-10-05 17:00'), 'infinity', 'after the last opening');

SELECT is((SELECT array_agg(s ORDER BY n) FROM open_spans('Europe/Warsaw; Mo-Fr 09:00-12:00,13:00-17:00', '2026-10-02 10:00+02', '2026-10-05 14:00+02') WITH ORDINALITY o(s, n)),
          ARRAY['[2026-10-02 10:00+02,2026-10-02 12:00+02)', '[2026-10-02 13:00+02,2026-10-02 17:00+02)',
                '[2026-10-05 09:00+02,2026-10-05 12:00+02)', '[2026-10-05 13:00+02,2026-10-05 14:00+02)']::tstzrange[], 'open spans in order, cut at the window');
SELECT is((SELECT array_agg(s) FROM open_spans('Europe/Warsaw; 24/7', '2020-01-01', '2030-01-01') s), ARRAY['[2020-01-01,2030-01-01)']::tstzrange[], 'one span of ten years');
SELECT is_empty($$SELECT open_spans('UTC; 24/7', '2026-01-01', '2026-01-01')$$, 'no span in an empty window');
SELECT is_empty($$SELECT open_spans('UTC; 24/7', '2026-01-02', '2026-01-01')$$, 'nor in a reversed one');
SELECT is((pg_temp.refusal($$SELECT leadflow.open_spans('UTC; 24/7', '2026-01-02', 'infinity')$$)).state, '22008', 'an infinite window is refused');
SET LOCAL statement_timeout = '50ms';
SELECT is((pg_temp.refusal($$SELECT count(*) FROM leadflow.open_spans('UTC; 09:00-17:00', '4713-01-01 BC', '294276-01-01')$$)).state, '57014', 'a huge window can be cancelled');
SET LOCAL statement_timeout = 0;

-- the ends of time
SELECT is(add_worktime(cal, at, work), expected, name)
FROM (VALUES
    ('never open, forward', 'UTC; off'::calendar, '2026-10-05'::timestamptz, '1 h'::interval, 'infinity'::timestamptz),
    ('never open, back', 'UTC; off', '2026-10-05', '-1 h', '-infinity'),
    ('never open, nothing to do', 'UTC; off', '2026-10-05', '0', '2026-10-05'),
    ('the last hour', 'UTC; 2026 Oct 5 09:00-17:00', '2026-10-05', '8 h', '2026-10-05 17:00'),
    ('more than was left', 'UTC; 2026 Oct 5 09:00-17:00', '2026-10-05', '8:00:00.000001', 'infinity'),
    ('more than there was before', 'UTC; 2026 Oct 5 09:00-17:00', '2026-10-06', '-8:00:00.000001', '-infinity'),
    ('beyond the last timestamp', 'UTC; 24/7', '294276-12-31 23:00', '2 h', 'infinity'),
    ('before the first timestamp', 'UTC; 24/7', '4714-11-24 00:00 BC', '-2 h', '-infinity'),
    ('from infinity', 'UTC; 24/7', 'infinity', '-2 h', 'infinity'),
    ('from minus infinity', 'UTC; 24/7', '-infinity', '2 h', '-infinity'),
    ('four thousand years in one step', 'UTC; 24/7', '2026-01-01', '35063280 h', '6026-01-01'),
    ('and back', 'UTC; 24/7', '6026-01-01', '-35063280 h', '2026-01-01'),
    ('the longest interval', 'UTC; Su 00:00-00:01', '2026-01-01', interval '2147483647 h' + '414564141:00:54.775807', 'infinity'),
    ('the longest one back', 'UTC; Su 00:00-00:01', '2026-01-01', interval '-2147483647 h' - '414564141:00:54.775807', '-infinity')
) v(name, cal, at, work, expected);
SELECT is(extract(epoch FROM worktime('UTC; 24/7', '2000-01-01', '294276-01-01')),
          extract(epoch FROM '294276-01-01'::timestamptz) - extract(epoch FROM '2000-01-01'::timestamptz), 'nearly all time to come');
SELECT is(extract(epoch FROM worktime('Europe/Warsaw; 24/7', '4714-11-24 BC', '2000-01-01')),
          extract(epoch FROM '2000-01-01'::timestamptz) - extract(epoch FROM '4714-11-24 BC'::timestamptz), 'all time past');
SELECT is((pg_temp.refusal($$SELECT leadflow.worktime('UTC; 24/7', '4714-11-24 BC', '294276-01-01')$$)).state, '22008', 'more than an interval holds');
SELECT is((pg_temp.refusal($$SELECT leadflow.worktime('UTC; 24/7', '-infinity', '2026-01-01')$$)).state, '22008', 'from minus infinity');
SELECT is((pg_temp.refusal($$SELECT leadflow.worktime('UTC; 24/7', '2026-01-01', 'infinity')$$)).state, '22008', 'up to infinity');
SELECT is((pg_temp.refusal(format('SELECT leadflow.add_worktime(%L, %L, %L)', 'UTC; 24/7', '2026-01-01', work))).state, '22023', work || ' is refused')
FROM unnest('{1 day,1 week,1 month,1 year,-1 day,1 day 2 hours}'::text[]) work;
SELECT ok((pg_temp.refusal($$SELECT leadflow.add_worktime('UTC; 24/7', '2026-01-01', '1 day')$$)).said LIKE '%8 hours%', 'with a hint');

-- a year four hundred, and two hundred thousand years later
SELECT is(worktime(cal, make_timestamptz(2040 + years, m, 1, 0, 0, 0), make_timestamptz(2041 + years, m, 1, 0, 0, 0)),
          worktime(cal, make_timestamptz(2040, m, 1, 0, 0, 0), make_timestamptz(2041, m, 1, 0, 0, 0)),
          format('%s, %s years later, from month %s', left(cal::text, 24), years, m))
FROM unnest('{Europe/Warsaw; Mo-Fr 09:00-17:00; Dec 24 off; Feb 29 off,America/New_York; Sa-Su 01:30-02:45,Australia/Lord_Howe; 22:00-06:00}'::text[]) t(c),
     LATERAL (SELECT c::calendar) x(cal), unnest('{400,800,200000}'::int[]) years, unnest('{1,7}'::int[]) m;

-- every subset of weekdays: no day is forgotten
CREATE TEMP TABLE subset AS
    SELECT n, ('UTC; ' || string_agg(substr('MoTuWeThFrSaSu', 2 * d + 1, 2), ',') || ' 09:00-10:00')::calendar AS cal, count(*) AS days
    FROM generate_series(1, 127) n, generate_series(0, 6) d WHERE n & (1 << d) <> 0 GROUP BY n;
SELECT is(count(*), 0::bigint, 'any subset of weekdays, any start')
FROM subset, generate_series(0, 6) start
WHERE worktime(cal, timestamptz '2026-10-05' + start * interval '1 day', timestamptz '2026-10-12' + start * interval '1 day') <> days * interval '1 h'
   OR add_worktime(cal, timestamptz '2026-10-05 10:00' + start * interval '1 day', days * interval '1 h') - (timestamptz '2026-10-05 10:00' + start * interval '1 day')
      > interval '7 days';

-- laws, on calendars that are hard and instants near their clock changes
CREATE TEMP TABLE hard (n int PRIMARY KEY, cal calendar);
INSERT INTO hard SELECT row_number() OVER (), c::calendar FROM unnest(ARRAY[
    'Europe/Warsaw; Mo-Fr 09:00-12:30,13:00-17:00; Sa 10:00-14:00; Jan 1,Jan 6,May 1,May 3,Aug 15,Nov 1,Nov 11,Dec 25-26 off; 2026 Dec 24 09:00-12:00',
    'America/New_York; Sa-Su 01:00-02:30,03:00-05:00; Mo-Fr 22:00-06:00; Jul 4 off',
    'Europe/Dublin; 01:30-01:45,02:00-02:30; Mar 31 00:30-24:00',
    'America/Sao_Paulo; Su 00:00-00:30,01:00-01:00; Mo-Fr 08:00-18:00',
    'Australia/Lord_Howe; 01:45-02:15,23:59:59-00:00:01',
    'Pacific/Apia; Mo-Fr 09:00-17:00; 2011 Dec 30 10:00-10:00; 2011 Dec 31 off',
    'Europe/Moscow; 24/7; 2014 Oct 26 01:30-02:30',
    'Africa/Casablanca; Mo-Th 08:30-16:30; Fr 08:30-12:00,14:30-17:00',
    'Asia/Tehran; Sa-We 08:00-16:00; Th 08:00-12:00; Mar 21-24 off',
    'Antarctica/Troll; 02:00-03:00,04:30-01:30',
    'America/Havana; 00:00-00:45; Nov 1-7 00:15-00:30,00:45-01:15',
    'UTC; 24/7', 'UTC; off', 'UTC; 2024 Mar 1-2026 Mar 1 00:00-12:00', 'Asia/Kolkata; Mo 00:00-24:00,06:00-06:00'
]) c;
SELECT setseed(0.42);
CREATE TEMP TABLE sample AS
    SELECT n, cal, a, b, c, w
    FROM hard, generate_series(1, 250),
         LATERAL (SELECT (ARRAY['2024-03-10', '2024-03-31', '2024-10-27', '2024-11-03', '2024-10-05', '2011-12-30', '2014-10-25',
                                '2018-11-04', '2026-12-25', '2024-02-29', '2033-07-04', '1938-04-03', '2150-03-29']::timestamptz[])[1 + n - n + floor(random() * 13)::int] AS hot) h,
         LATERAL (SELECT hot + (random() - 0.5) * interval '6 days' AS a,
                         hot + (random() - 0.5) * interval '6 days' AS b,
                         hot + (random() - 0.5) * interval '600 days' AS c,
                         make_interval(secs => round((random() * 400000)::numeric, 6)::float8) AS w) v;
SELECT is(count(*), 3750::bigint, 'the sample is complete') FROM sample;
SELECT is(count(*), 0::bigint, 'working time is additive') FROM sample
WHERE worktime(cal, a, b) + worktime(cal, b, c) <> worktime(cal, a, c);
SELECT is(count(*), 0::bigint, 'and changes its sign with its direction') FROM sample
WHERE worktime(cal, a, c) <> -worktime(cal, c, a);
SELECT is(count(*), 0::bigint, 'and is no more than all time') FROM sample
WHERE worktime(cal, least(a, c), greatest(a, c)) > make_interval(secs => extract(epoch FROM greatest(a, c) - least(a, c))::float8)
   OR worktime(cal, least(a, c), greatest(a, c)) < '0';
SELECT is(count(*), 0::bigint, 'open spans add up to working time') FROM sample
WHERE worktime(cal, least(a, b), greatest(a, b))
      <> (SELECT coalesce(sum(make_interval(secs => extract(epoch FROM upper(s) - lower(s))::float8)), '0') FROM open_spans(cal, least(a, b), greatest(a, b)) s);
SELECT is(count(*), 0::bigint, 'open spans do not touch') FROM sample,
     LATERAL (SELECT bool_or(lower(s) <= before) AS touch FROM (SELECT s, lag(upper(s)) OVER (ORDER BY n) AS before FROM open_spans(cal, least(a, b), greatest(a, b)) WITH ORDINALITY o(s, n)) x) y
WHERE touch;
SELECT is(count(*), 0::bigint, 'it is open exactly inside an open span') FROM sample
WHERE (cal @> a) <> EXISTS (SELECT FROM open_spans(cal, a - interval '2 days', a + interval '1 s') s WHERE s @> a);
SELECT is(count(*), 0::bigint, 'added working time has passed') FROM sample
WHERE isfinite(add_worktime(cal, a, w)) AND worktime(cal, a, add_worktime(cal, a, w)) <> w;
SELECT is(count(*), 0::bigint, 'and not an instant earlier') FROM sample
WHERE isfinite(add_worktime(cal, a, w)) AND w > '0' AND worktime(cal, a, add_worktime(cal, a, w) - interval '1 microsecond') >= w;
SELECT is(count(*), 0::bigint, 'subtracted working time has passed') FROM sample
WHERE isfinite(add_worktime(cal, a, -w)) AND worktime(cal, add_worktime(cal, a, -w), a) <> w;
SELECT is(count(*), 0::bigint, 'and not an instant later') FROM sample
WHERE isfinite(add_worktime(cal, a, -w)) AND w > '0' AND worktime(cal, add_worktime(cal, a, -w) + interval '1 microsecond', a) >= w;
SELECT is(count(*), 0::bigint, 'next_open is open, and nothing before it') FROM sample
WHERE isfinite(next_open(cal, a))
  AND (NOT cal @> next_open(cal, a) OR worktime(cal, a, next_open(cal, a)) <> '0');
SELECT is(count(*), 0::bigint, 'next_close is closed, and open up to it') FROM sample
WHERE isfinite(next_close(cal, a))
  AND (cal @> next_close(cal, a) OR NOT cal @> next_close(cal, a) - interval '1 microsecond'
       OR worktime(cal, next_open(cal, a), next_close(cal, a)) <> make_interval(secs => extract(epoch FROM next_close(cal, a) - next_open(cal, a))::float8));
SELECT is(count(*), 0::bigint, 'pauses take away the working time inside them') FROM sample
WHERE worktime(cal, a, c, tstzmultirange(tstzrange(least(a, b), greatest(a, b))))
      <> worktime(cal, a, c)
         - CASE WHEN c >= a THEN 1 ELSE -1 END
           * worktime(cal, greatest(least(a, b), least(a, c)), greatest(least(greatest(a, b), greatest(a, c)), greatest(least(a, b), least(a, c))));
SELECT is(count(*), 0::bigint, 'adding past pauses is the inverse of that') FROM sample,
     LATERAL (SELECT tstzmultirange(tstzrange(least(b, c), greatest(b, c)), tstzrange(a, a + interval '3 h')) AS p) x
WHERE isfinite(add_worktime(cal, a, w, p)) AND worktime(cal, a, add_worktime(cal, a, w, p), p) <> w
   OR isfinite(add_worktime(cal, a, -w, p)) AND worktime(cal, add_worktime(cal, a, -w, p), a, p) <> w;

-- the rule of a day
SELECT is(day_rule(cal::calendar, day::date), rule, format('the rule of %s: %s', day, coalesce(rule, 'none')))
FROM (VALUES
    ('UTC; Mo-Fr 09:00-17:00', '2026-10-05', 'Mo-Fr 09:00-17:00'),
    ('UTC; Mo-Fr 09:00-17:00', '2026-10-04', NULL),
    ('UTC; off', '2026-10-05', NULL),
    ('UTC; 24/7', '2026-10-04', '24/7'),
    ('UTC; 24/7; Oct 4 off', '2026-10-04', 'Oct 4 off'),
    ('UTC; Mo,We,Fr-Sa 09:00-12:30,13:00-17:00; Tu 22:00-06:00', '2026-10-07', 'Mo,We,Fr-Sa 09:00-12:30,13:00-17:00'),
    ('UTC; Mo,We,Fr-Sa 09:00-12:30,13:00-17:00; Tu 22:00-06:00', '2026-10-06', 'Tu 22:00-06:00'),
    ('UTC; Mo-Su 09:00-17:00; Dec 25-26 off', '2031-12-26', 'Dec 25-26 off'),
    ('UTC; Mo-Fr 09:00-17:00; Dec 25-26 off; 2026 Dec 25 10:00-12:00', '2026-12-25', '2026 Dec 25 10:00-12:00'),
    ('UTC; Mo-Fr 09:00-17:00; Jan 1,May 1,May 3,Dec 25-26 off', '2026-05-03', 'May 3 off'),
    ('UTC; Mo-Fr 09:00-17:00; Dec 30-Jan 2 off', '2026-12-31', 'Dec 30-Jan 2 off'),
    ('UTC; Mo-Fr 09:00-17:00; Dec 30-Jan 2 off', '2027-01-02', 'Dec 30-Jan 2 off'),
    ('UTC; Mo-Fr 09:00-17:00; Dec 30-Jan 2 off', '2027-01-04', 'Mo-Fr 09:00-17:00'),
    ('UTC; Jan 1-Dec 31 10:00-11:00', '2024-02-29', 'Jan 1-Dec 31 10:00-11:00'),
    ('UTC; Mo-Su 09:00-17:00; Feb 29 off', '2024-02-29', 'Feb 29 off'),
    ('UTC; Mo-Su 09:00-17:00; Feb 29 off', '2026-03-01', 'Mo-Su 09:00-17:00'),
    ('UTC; 2026 May 1,2026 May 3-5 off', '2026-05-04', '2026 May 3-5 off'),
    ('UTC; 2026 Dec 30-2027 Jan 2 10:00-10:00', '2027-01-01', '2026 Dec 30-2027 Jan 2 10:00-10:00'),
    ('UTC; Mo-Su 09:00-17:00; Dec 25 off', '4714-11-24 BC', 'Mo-Su 09:00-17:00'),
    ('UTC; Mo-Su 09:00-17:00; Dec 25 off', '5874897-12-25', 'Dec 25 off')
) v(cal, day, rule);
SELECT is(day_rule(with_holidays('UTC; Mo-Fr 09:00-17:00', '{2026-12-25,2026-12-24,2027-01-01}'), day::date), rule, 'a holiday that was added: ' || day)
FROM (VALUES ('2026-12-25', '2026 Dec 24-25 off'), ('2027-01-01', '2027 Jan 1 off'), ('2026-12-23', 'Mo-Fr 09:00-17:00')) v(day, rule);
SELECT is((pg_temp.refusal(format('SELECT leadflow.day_rule(%L, %L)', 'UTC; 24/7', day))).state, '22008', day || ' has no rule')
FROM unnest('{infinity,-infinity}'::text[]) day;
SELECT ok(day_rule(NULL, '2026-10-05') IS NULL AND day_rule('UTC; 24/7', NULL) IS NULL, 'null of nothing');

-- on the hard calendars: a calendar of the rule alone has the same rule, the days' own hours
-- make the whole, and nothing begins on a day that is off
CREATE TEMP TABLE ruled AS
    SELECT n, cal, split_part(cal::text, ';', 1) AS zone, day, day_rule(cal, day) AS rule
    FROM hard, LATERAL (SELECT d::date AS day FROM generate_series('2011-12-01'::date, '2012-01-31'::date, interval '1 day') d
                        UNION SELECT d::date FROM generate_series('2024-02-20'::date, '2024-11-20'::date, interval '1 day') d) days;
SELECT is(count(*), 0::bigint, 'the rule of a day is a rule that gives that day its hours') FROM ruled
WHERE rule IS NOT NULL AND day_rule((zone || '; ' || rule)::calendar, day) IS DISTINCT FROM rule;
SELECT is(count(*), 0::bigint, 'nothing begins on a day that is off') FROM ruled
WHERE coalesce(rule, 'off') ~ '(^| )off$'
  AND NOT (zone = 'Pacific/Apia' AND day = '2011-12-31')		-- where 30 December did not exist, its hours fall on the 31st
  AND EXISTS (SELECT FROM open_spans(cal, day::timestamp AT TIME ZONE zone - interval '1 day', day::timestamp AT TIME ZONE zone + interval '2 days') s
              WHERE (lower(s) AT TIME ZONE zone)::date = day AND lower(s) > day::timestamp AT TIME ZONE zone - interval '1 day');
SELECT is(range_agg(own) * tstzmultirange(tstzrange(a, b)), (SELECT coalesce(range_agg(s), '{}') FROM open_spans(cal, a, b) s), format('the days of %s add up, %s', left(cal::text, 24), a::date))
FROM ruled, (VALUES ('2011-12-05'::timestamptz, '2012-01-27'::timestamptz), ('2024-02-24', '2024-11-16')) w(a, b),
     LATERAL open_spans(CASE WHEN rule ~ ' off$' THEN 'UTC; off'
                             ELSE zone || '; ' || substr('MoTuWeThFrSaSu', 2 * extract(isodow FROM day)::int - 1, 2) || ' ' ||
                                  CASE rule WHEN '24/7' THEN '00:00-24:00' ELSE regexp_replace(rule, '.* ', '') END END::calendar,
                        day::timestamp - interval '3 days', day::timestamp + interval '4 days') own
WHERE rule IS NOT NULL
GROUP BY n, cal, a, b ORDER BY n, a;

-- keys: the value, not the spelling
SELECT is(count(DISTINCT c::calendar), 2::bigint, 'calendars are counted by value')
FROM unnest('{UTC; Mo-Fr 09:00-17:00,utc; Fr-Fr 09:00-17:00; Mo-Th 9:00-17:00,UTC; 24/7}'::text[]) c;
SELECT is((SELECT count(*) FROM hard x JOIN hard y USING (cal)), 15::bigint, 'calendars join by value');
SELECT is((SELECT count(*) FROM hard x JOIN hard y ON calendar_hash(x.cal) = calendar_hash(y.cal) AND calendar_hash_extended(x.cal, 7) = calendar_hash_extended(y.cal, 7)), 15::bigint, 'and hash by value');
SELECT is((SELECT array_agg(n ORDER BY cal) FROM hard), (SELECT array_agg(n ORDER BY cal::text COLLATE "C") FROM hard), 'they sort by their text');

-- more calendars than a backend keeps
CREATE TEMP TABLE many AS SELECT i, ('UTC; ' || to_char(make_interval(secs => i), 'HH24:MI:SS') || '-24:00')::calendar AS cal FROM generate_series(0, 2999) i;
SELECT is(count(*), 0::bigint, 'three thousand calendars by turns')
FROM generate_series(1, 2), many WHERE worktime(cal, '2026-10-05', '2026-10-06') <> make_interval(secs => 86400 - i);

SELECT * FROM finish();
ROLLBACK;
