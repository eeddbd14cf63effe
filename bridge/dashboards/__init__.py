"""Dashboards for Grafana, made of the catalogue.

A panel is described once (`query`, `panel`), and three writers say it to a data source: `graphite`, with
names as paths or with tags, and `prometheus`. What is shown stands in `boards/`, how Grafana writes and shows
it in `grafana`, `drawing` and `looks`, and which files come of it in `files`.
"""
