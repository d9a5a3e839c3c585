/*
 * merges.sql: records of one person that were found to be two.
 */
