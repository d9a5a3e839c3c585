-- The workspace crm anew, for a page whose sections begin stories of their own.
DROP SCHEMA IF EXISTS crm CASCADE;
SELECT leadflow.create_workspace('crm');
