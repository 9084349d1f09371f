"""The page of ``python app.py``."""
