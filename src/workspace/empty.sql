INSERT INTO business_calendar (code, calendar, description) VALUES
    ('default', 'UTC; Mo-Fr 09:00-17:00', 'office hours; edit the time zone and the holidays');
