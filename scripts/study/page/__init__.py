"""The page of a study: its data, pictures and tables as one static HTML file with what it needs beside it."""
