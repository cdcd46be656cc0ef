"""What the firewall keeps: one SQL schema, on SQLite by default, on PostgreSQL by its address."""
