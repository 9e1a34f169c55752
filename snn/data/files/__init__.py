"""Files that hold pictures, and data sets made of them."""
