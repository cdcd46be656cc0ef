"""Quality figures of layer 9: false positives, masking and recall on pinned corpora."""
