"""How fast the embedded Splunk is: a suite of measurements over data of its own making, compared as ratios."""
