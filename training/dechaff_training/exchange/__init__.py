"""Labels from and to other tools."""
