-- create_workspace has another argument
DROP FUNCTION leadflow.create_workspace(text, text);
