"""CRM and ERP reconciliation. Import the rooms you need: this package loads nothing by itself."""

__version__ = "0.1.0"
