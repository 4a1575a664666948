"""The web API: accounts, feedback, one blueprint a resource. Knows `serving`; knows no torch."""
