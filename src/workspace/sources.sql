/*
 * sources.sql: the tools that write, and whose word counts.
 */
