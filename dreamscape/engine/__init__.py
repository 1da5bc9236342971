"""AutomationEngine: takes work in order of impact, drives proposers, lands what is proven, remembers."""
