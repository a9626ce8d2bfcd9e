"""Stores: where the journal and personal data are kept. Each implements a port of the core; none decides anything."""
