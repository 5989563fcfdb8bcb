"""portal: pages that join modules: home, my data, search."""
