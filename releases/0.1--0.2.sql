-- create_workspace has another argument
DROP FUNCTION leadflow.create_workspace(text, text);

-- leadflow.attachment_function gives the statements that it ran
DROP FUNCTION leadflow.write_attachment_function(name, name);
