"""The stand-in ERP: Portuguese JSON, pages by number, a session login, decimals with a comma, dates as dd/mm/yyyy."""
