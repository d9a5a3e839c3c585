/*
 * attachments.sql: the tables of the company that feed the workspace.
 */
