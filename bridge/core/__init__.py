"""What a metric is: samples, series, the catalogue's shape, aggregation, counters. Pure."""
