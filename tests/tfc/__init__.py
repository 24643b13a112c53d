"""Tests that run in the TensorFlow environment alone; a package, so that its conftest is no other's."""
