"""Match, difference and cause over staged snapshots, as SQL text (`*_sql.py`) run by an engine (`engine_duckdb.py`).

Matching, difference and accounting use plain SQL only. Causes, which are computed only for what differs, may use
string, regular expression and JSON functions of the engine; what SQL cannot decide exactly is Python (`mojibake.py`,
`name_similarity.py`).
"""
