"""What stops money: nobody, a recall, an officer a hop, MED 2.0, the chase, the watch, and both."""
