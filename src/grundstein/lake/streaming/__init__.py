"""Sources of any size, in bounded memory. Files in; Parquet files on their way into a table out."""
