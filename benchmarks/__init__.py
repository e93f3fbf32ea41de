"""What tele2ats_async costs, beside what people would use instead: ``python -m benchmarks.bulk``, and others."""
