/*
 * governance.sql: who answers for the data, and what good data is.
 */
