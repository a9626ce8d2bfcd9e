"""What is known of a payment before it is booked: the catalogue of features. They are read by `watch.state`, nowhere else."""

from recoup.watch.features.catalogue import FEATURES, feature_set
from recoup.watch.features.feature import Cost, Feature, Side, Unit

__all__ = ["FEATURES", "Cost", "Feature", "Side", "Unit", "feature_set"]
