// The message types by name: "member:type ..." with i int32, l int64, d double, b bool, s string, any (kept
// as it is), an enumeration (its values parted by '|' in kEnums), or another message; a leading '[' is a
// list, a leading
// '{' a map from text.
#pragma once

#include <string_view>

namespace rowlane::sheets::local {

struct SchemaText {
  std::string_view name, members;
};

inline constexpr SchemaText kMessages[] = {
    // Bodies
    {"BatchUpdate", "requests:[Request includeSpreadsheetInResponse:b responseRanges:[s responseIncludeGridData:b"},
    {"GetByDataFilter", "dataFilters:[DataFilter includeGridData:b excludeTablesInBandedRanges:b"},
    {"BatchUpdateValues",
     "valueInputOption:ValueInputOption data:[ValueRange includeValuesInResponse:b "
     "responseValueRenderOption:ValueRenderOption responseDateTimeRenderOption:DateTimeRenderOption"},
    {"BatchClearValues", "ranges:[s"},
    {"BatchGetValuesByDataFilter",
     "dataFilters:[DataFilter majorDimension:Dimension valueRenderOption:ValueRenderOption "
     "dateTimeRenderOption:DateTimeRenderOption"},
    {"BatchUpdateValuesByDataFilter",
     "valueInputOption:ValueInputOption data:[DataFilterValueRange includeValuesInResponse:b "
     "responseValueRenderOption:ValueRenderOption responseDateTimeRenderOption:DateTimeRenderOption"},
    {"BatchClearValuesByDataFilter", "dataFilters:[DataFilter"},
    {"DataFilterValueRange", "dataFilter:DataFilter majorDimension:Dimension values:any"},
    {"SearchMetadata", "dataFilters:[DataFilter"},
    {"ClearValues", ""},
    {"ValueRange", "range:s majorDimension:Dimension values:any"},
    // Requests
    {"Request",
     "addSheet:AddSheet deleteSheet:SheetOnly duplicateSheet:DuplicateSheet "
     "updateSheetProperties:UpdateSheetProperties "
     "updateSpreadsheetProperties:UpdateSpreadsheetProperties insertDimension:InsertDimension "
     "deleteDimension:RangeOnlyDimension "
     "appendDimension:AppendDimension moveDimension:MoveDimension "
     "updateDimensionProperties:UpdateDimensionProperties "
     "autoResizeDimensions:AutoResize updateCells:UpdateCells repeatCell:RepeatCell appendCells:AppendCells "
     "sortRange:SortRange "
     "findReplace:FindReplace mergeCells:MergeCells unmergeCells:RangeOnly setBasicFilter:SetBasicFilter "
     "clearBasicFilter:SheetOnly addProtectedRange:AddProtectedRange "
     "updateProtectedRange:UpdateProtectedRange "
     "deleteProtectedRange:DeleteProtectedRange addNamedRange:AddNamedRange "
     "updateNamedRange:UpdateNamedRange "
     "deleteNamedRange:DeleteNamedRange createDeveloperMetadata:CreateMetadata "
     "updateDeveloperMetadata:UpdateMetadata "
     "deleteDeveloperMetadata:DeleteMetadata cutPaste:CutPaste copyPaste:CopyPaste insertRange:ShiftRange "
     "deleteRange:ShiftRange setDataValidation:SetDataValidation "
     "addConditionalFormatRule:any updateConditionalFormatRule:any deleteConditionalFormatRule:any "
     "addBanding:any "
     "updateBanding:any deleteBanding:any addFilterView:any updateFilterView:any deleteFilterView:any "
     "duplicateFilterView:any updateBorders:any textToColumns:any trimWhitespace:any deleteDuplicates:any "
     "randomizeRange:any pasteData:any autoFill:any addChart:any updateChartSpec:any "
     "updateEmbeddedObjectPosition:any "
     "updateEmbeddedObjectBorder:any deleteEmbeddedObject:any addSlicer:any updateSlicerSpec:any "
     "addDimensionGroup:any "
     "updateDimensionGroup:any deleteDimensionGroup:any addDataSource:any updateDataSource:any "
     "deleteDataSource:any "
     "refreshDataSource:any cancelDataSourceRefresh:any addTable:any updateTable:any deleteTable:any"},
    {"AddSheet", "properties:SheetProperties"},
    {"SheetOnly", "sheetId:i"},
    {"RangeOnly", "range:GridRange"},
    {"RangeOnlyDimension", "range:DimensionRange"},
    {"DuplicateSheet", "sourceSheetId:i insertSheetIndex:i newSheetId:i newSheetName:s"},
    {"UpdateSheetProperties", "properties:SheetProperties fields:s"},
    {"UpdateSpreadsheetProperties", "properties:SpreadsheetProperties fields:s"},
    {"InsertDimension", "range:DimensionRange inheritFromBefore:b"},
    {"AppendDimension", "sheetId:i dimension:Dimension length:i"},
    {"MoveDimension", "source:DimensionRange destinationIndex:i"},
    {"UpdateDimensionProperties",
     "range:DimensionRange dataSourceSheetRange:any properties:DimensionProperties fields:s"},
    {"AutoResize", "dimensions:DimensionRange dataSourceSheetDimensions:any"},
    {"UpdateCells", "rows:[RowData fields:s start:GridCoordinate range:GridRange"},
    {"RepeatCell", "range:GridRange cell:CellData fields:s"},
    {"AppendCells", "sheetId:i rows:[RowData fields:s tableId:s"},
    {"SortRange", "range:GridRange sortSpecs:[SortSpec"},
    {"FindReplace",
     "find:s replacement:s matchCase:b matchEntireCell:b searchByRegex:b includeFormulas:b range:GridRange "
     "sheetId:i allSheets:b"},
    {"MergeCells", "range:GridRange mergeType:MergeType"},
    {"SetBasicFilter", "filter:BasicFilter"},
    {"AddProtectedRange", "protectedRange:ProtectedRange"},
    {"UpdateProtectedRange", "protectedRange:ProtectedRange fields:s"},
    {"DeleteProtectedRange", "protectedRangeId:i"},
    {"AddNamedRange", "namedRange:NamedRange"},
    {"UpdateNamedRange", "namedRange:NamedRange fields:s"},
    {"DeleteNamedRange", "namedRangeId:s"},
    {"CreateMetadata", "developerMetadata:DeveloperMetadata"},
    {"UpdateMetadata", "dataFilters:[DataFilter developerMetadata:DeveloperMetadata fields:s"},
    {"DeleteMetadata", "dataFilter:DataFilter"},
    {"CutPaste", "source:GridRange destination:GridCoordinate pasteType:PasteType"},
    {"CopyPaste", "source:GridRange destination:GridRange pasteType:PasteType pasteOrientation:PasteOrientation"},
    {"ShiftRange", "range:GridRange shiftDimension:Dimension"},
    {"SetDataValidation", "range:GridRange rule:any filteredRowsIncluded:b"},
    // Parts
    {"Spreadsheet",
     "spreadsheetId:s properties:SpreadsheetProperties sheets:[Sheet namedRanges:[NamedRange "
     "spreadsheetUrl:s developerMetadata:[DeveloperMetadata dataSources:any dataSourceSchedules:any"},
    {"SpreadsheetProperties",
     "title:s locale:s autoRecalc:RecalculationInterval timeZone:s defaultFormat:CellFormat "
     "iterativeCalculationSettings:any spreadsheetTheme:any importFunctionsExternalUrlAccessAllowed:b"},
    {"Sheet",
     "properties:SheetProperties data:[GridData merges:[GridRange conditionalFormats:any filterViews:any "
     "protectedRanges:[ProtectedRange basicFilter:BasicFilter charts:any bandedRanges:any "
     "developerMetadata:[DeveloperMetadata rowGroups:any columnGroups:any slicers:any tables:any"},
    {"SheetProperties",
     "sheetId:i title:s index:i sheetType:SheetType gridProperties:GridProperties hidden:b tabColor:any "
     "tabColorStyle:any rightToLeft:b dataSourceSheetProperties:any"},
    {"GridProperties",
     "rowCount:i columnCount:i frozenRowCount:i frozenColumnCount:i hideGridlines:b rowGroupControlAfter:b "
     "columnGroupControlAfter:b"},
    {"GridData",
     "startRow:i startColumn:i rowData:[RowData rowMetadata:[DimensionProperties "
     "columnMetadata:[DimensionProperties"},
    {"RowData", "values:[CellData"},
    {"CellData",
     "userEnteredValue:ExtendedValue effectiveValue:ExtendedValue formattedValue:s "
     "userEnteredFormat:CellFormat effectiveFormat:CellFormat hyperlink:s note:s textFormatRuns:any "
     "dataValidation:any pivotTable:any dataSourceTable:any dataSourceFormula:any chipRuns:any"},
    {"ExtendedValue", "numberValue:d stringValue:s boolValue:b formulaValue:s errorValue:ErrorValue"},
    {"ErrorValue", "type:s message:s"},
    {"CellFormat",
     "numberFormat:NumberFormat backgroundColor:any backgroundColorStyle:any borders:any padding:any "
     "horizontalAlignment:s verticalAlignment:s wrapStrategy:s textDirection:s textFormat:any "
     "hyperlinkDisplayType:s textRotation:any"},
    {"NumberFormat", "type:NumberFormatType pattern:s"},
    {"GridRange", "sheetId:i startRowIndex:i endRowIndex:i startColumnIndex:i endColumnIndex:i"},
    {"GridCoordinate", "sheetId:i rowIndex:i columnIndex:i"},
    {"DimensionRange", "sheetId:i dimension:Dimension startIndex:i endIndex:i"},
    {"DimensionProperties",
     "hiddenByFilter:b hiddenByUser:b pixelSize:i developerMetadata:[DeveloperMetadata "
     "dataSourceColumnReference:any"},
    {"SortSpec",
     "dimensionIndex:i sortOrder:SortOrder foregroundColor:any foregroundColorStyle:any backgroundColor:any "
     "backgroundColorStyle:any dataSourceColumnReference:any"},
    {"BasicFilter", "range:GridRange sortSpecs:[SortSpec criteria:{any filterSpecs:any tableId:s"},
    {"ProtectedRange",
     "protectedRangeId:i range:GridRange namedRangeId:s description:s warningOnly:b requestingUserCanEdit:b "
     "unprotectedRanges:[GridRange editors:Editors tableId:s"},
    {"Editors", "users:[s groups:[s domainUsersCanEdit:b"},
    {"NamedRange", "namedRangeId:s name:s range:GridRange"},
    {"DeveloperMetadata", "metadataId:i metadataKey:s metadataValue:s location:MetadataLocation visibility:Visibility"},
    {"MetadataLocation", "locationType:LocationType spreadsheet:b sheetId:i dimensionRange:DimensionRange"},
    {"DataFilter", "developerMetadataLookup:MetadataLookup a1Range:s gridRange:GridRange"},
    {"MetadataLookup",
     "locationType:LocationType metadataLocation:MetadataLocation locationMatchingStrategy:MatchingStrategy "
     "metadataId:i metadataKey:s metadataValue:s visibility:Visibility"},
    // Answers, for their masks
    {"BatchUpdateAnswer", "spreadsheetId:s replies:any updatedSpreadsheet:Spreadsheet"},
    {"ValuesAnswer", "range:s majorDimension:s values:any"},
};

inline constexpr SchemaText kEnums[] = {
    {"Dimension", "DIMENSION_UNSPECIFIED|ROWS|COLUMNS"},
    {"SheetType", "SHEET_TYPE_UNSPECIFIED|GRID|OBJECT|DATA_SOURCE"},
    {"MergeType", "MERGE_ALL|MERGE_COLUMNS|MERGE_ROWS"},
    {"SortOrder", "SORT_ORDER_UNSPECIFIED|ASCENDING|DESCENDING"},
    {"PasteType",
     "PASTE_NORMAL|PASTE_VALUES|PASTE_FORMAT|PASTE_NO_BORDERS|PASTE_FORMULA|PASTE_DATA_VALIDATION|PASTE_"
     "CONDITIONAL_FORMATTING"},
    {"PasteOrientation", "NORMAL|TRANSPOSE"},
    {"Visibility", "DEVELOPER_METADATA_VISIBILITY_UNSPECIFIED|DOCUMENT|PROJECT"},
    {"LocationType", "DEVELOPER_METADATA_LOCATION_TYPE_UNSPECIFIED|ROW|COLUMN|SHEET|SPREADSHEET"},
    {"MatchingStrategy",
     "DEVELOPER_METADATA_LOCATION_MATCHING_STRATEGY_UNSPECIFIED|EXACT_LOCATION|INTERSECTING_LOCATION"},
    {"NumberFormatType", "NUMBER_FORMAT_TYPE_UNSPECIFIED|TEXT|NUMBER|PERCENT|CURRENCY|DATE|TIME|DATE_TIME|SCIENTIFIC"},
    {"RecalculationInterval", "RECALCULATION_INTERVAL_UNSPECIFIED|ON_CHANGE|MINUTE|HOUR"},
    {"ValueInputOption", "INPUT_VALUE_OPTION_UNSPECIFIED|RAW|USER_ENTERED"},
    {"ValueRenderOption", "FORMATTED_VALUE|UNFORMATTED_VALUE|FORMULA"},
    {"DateTimeRenderOption", "SERIAL_NUMBER|FORMATTED_STRING"},
};

}  // namespace rowlane::sheets::local
