"""A trail as evidence: pages, pictures and documents that people read. Nothing here traces or changes a figure."""
