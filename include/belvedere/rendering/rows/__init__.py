"""Rows of tables on request: paging, sorting and filtering what is too large for a page."""
