"""SNMP side by side: what is asked for, who asks, and what that costs. `bench_snmp` is the command."""
