"""The page: what is known, as one HTML document that anybody may look at.

    samples --> History --.
    parts, alerts, rejected lines, settings --> model --> html --> the whole page, or its parts by id

Pure: the time is an argument, and nothing here knows of a socket. `sinks/http/page.py` serves it.
"""
