"""StatsD side by side: the load, the receivers, and what is read off them. `bench_statsd` is the command."""
