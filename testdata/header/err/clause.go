pakcage x
