"""The centre: use cases over the pure rooms, put together with stores and clocks. So far its single writer."""
