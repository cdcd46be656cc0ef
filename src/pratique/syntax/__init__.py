"""Text with positions: JSON, JSON with comments, YAML; bounded, strict, no I/O.

This room stands below `ecosystems` because lockfiles, manifests, workflows and settings all need
values *with the line they stand on*, which no JSON library and only slow YAML libraries give.
"""
