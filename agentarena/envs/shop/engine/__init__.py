"""What the shop sells and how it is searched: words, generated and loaded catalogues, indexes."""
